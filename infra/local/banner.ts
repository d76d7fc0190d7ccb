import { mintToken } from './jwt.ts';
import type { Awaited } from './readiness.ts';

export interface Launched {
  started: readonly Awaited[];
  folder: string;
  jwtSecret: string | undefined;
  tracesPort: number | undefined;
}

export function banner({ started, folder, jwtSecret, tracesPort }: Launched): string {
  const gateways = started.filter(({ name }) => name.startsWith('gateway'));
  const where =
    gateways.length > 0
      ? `Switchboard is up at ${gateways.map(({ url }) => url.replace('127.0.0.1', 'localhost')).join(' and ')}`
      : `${started.map(({ name, url }) => `${name} is up, ${url}/readyz`).join('\n')}\nNo gateway was started, so nobody can talk to it but over NATS.`;
  const traces = tracesPort === undefined ? [] : [`Traces: http://localhost:${String(tracesPort)}`];
  return ['', where, ...(gateways.length > 0 ? ['', tokens(jwtSecret)] : []), '', ...traces, `Data: ${folder}`, 'Stop: Ctrl-C', ''].join('\n');
}

function tokens(jwtSecret: string | undefined): string {
  if (jwtSecret === undefined) return 'Tokens come from the issuer that JWT_JWKS_URL names.';
  return [
    'Tokens, good for 30 days:',
    `  client 1  ${mintToken(jwtSecret, { id: 1, role: 'client', email: 'client@example.com' })}`,
    `  admin 2   ${mintToken(jwtSecret, { id: 2, role: 'admin', email: 'admin@example.com' })}`,
    'More: npm run token -- --id 7 --role admin --email a@b.c',
  ].join('\n');
}
