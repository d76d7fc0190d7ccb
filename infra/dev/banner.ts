import { mintToken } from './jwt.ts';
import type { Awaited } from './processes/readiness.ts';

export interface Launched {
  started: readonly Awaited[];
  folder: string;
  /** Whether DATA_DIR named the folder. */
  isFolderGiven: boolean;
  jwtSecret: string | undefined;
  tracesPort: number | undefined;
}

export function banner(launched: Launched): string {
  const { started, folder, tracesPort } = launched;
  const gateways = started.filter(({ name }) => name.startsWith('gateway'));
  const where =
    gateways.length > 0
      ? `Switchboard is up at ${gateways.map(({ url }) => url.replace('127.0.0.1', 'localhost')).join(' and ')}`
      : `${started.map(({ name, url }) => `${name} is up, ${url}/readyz`).join('\n')}\nNo gateway was started: only NATS requests reach it. To start all: npm start`;
  const traces = tracesPort === undefined ? [] : [`Traces: http://localhost:${String(tracesPort)}`];
  return [
    '',
    where,
    ...(gateways.length > 0 ? ['', tokens(launched)] : []),
    '',
    ...traces,
    `Data: ${folder}`,
    'Stop: press Ctrl-C',
    '',
  ].join('\n');
}

function tokens({ jwtSecret, isFolderGiven, folder }: Launched): string {
  if (jwtSecret === undefined) return 'Tokens: get them from the issuer of JWT_JWKS_URL.';
  return [
    'Tokens (valid for 30 days):',
    `  client 1  ${mintToken(jwtSecret, { id: 1, role: 'client', email: 'client@example.com' })}`,
    `  admin 2   ${mintToken(jwtSecret, { id: 2, role: 'admin', email: 'admin@example.com' })}`,
    `More tokens: ${isFolderGiven ? `DATA_DIR=${quoted(folder)} ` : ''}npm run token -- --id 7 --role admin --email a@b.c`,
  ].join('\n');
}

/** As a shell reads it. */
const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
