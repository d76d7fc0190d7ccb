import { mintToken } from './jwt.ts';

export function banner(port: number, folder: string, jwtSecret: string | undefined): string {
  const tokens =
    jwtSecret === undefined
      ? 'Tokens come from the issuer that JWT_JWKS_URL names.'
      : [
          'Tokens, good for 30 days:',
          `  client 1  ${mintToken(jwtSecret, { id: 1, role: 'client', email: 'client@example.com' })}`,
          `  admin 2   ${mintToken(jwtSecret, { id: 2, role: 'admin', email: 'admin@example.com' })}`,
          'More: npm run token -- --id 7 --role admin --email a@b.c',
        ].join('\n');
  return `
Switchboard is up at http://localhost:${String(port)}

${tokens}

Data: ${folder}
Stop: Ctrl-C
`;
}
