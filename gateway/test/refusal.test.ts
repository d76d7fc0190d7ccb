import { expect, it, jest } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { explained, refused } from '../src/auth/refusal.ts';
import type { Verify } from '../src/auth/claims.ts';
import { aConfig, SECRET, verifyOf } from './given.ts';

/** What is logged when a token is refused. */
async function linesFor(verify: Verify, token: string | undefined): Promise<unknown[]> {
  const debug = jest.fn();
  await expect(explained(verify, { debug })(token)).rejects.toThrow();
  return debug.mock.calls;
}
const line = (check: string) => [[{ code: 'UNAUTHORIZED', check }, 'auth: refused a token']];

const now = Math.floor(Date.now() / 1_000);
const sign = (claims: object = {}, header: object = {}, secret = SECRET): string =>
  jwt.sign({ sub: '7', email: 'a@b.c', role: 'client', iat: now, exp: now + 60, ...claims }, secret, {
    header: { alg: 'HS256', ...header },
  });
const config = { JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'chat' };
const right = { iss: config.JWT_ISSUER, aud: config.JWT_AUDIENCE };

it.each<[string, string | undefined]>([
  ['no token', undefined],
  ['length', 'x'.repeat(9_000)],
  ['form', 'nonsense'],
  ['signature', sign(right, {}, 'another secret of thirty-two bytes')],
  ['exp', sign({ ...right, exp: now - 1 })],
  ['nbf', sign({ ...right, nbf: now + 60 })],
  ['iss', sign({ ...right, iss: 'https://evil.example' })],
  ['aud', sign({ ...right, aud: 'mail' })],
  ['alg', sign(right, { alg: 'HS384' })],
  ['crit', sign(right, { crit: ['exp'] })],
  ['iat', sign({ ...right, iat: now + 30 })],
  ['exp - iat', sign({ ...right, exp: now + 40 * 86_400 })],
  ['id', sign({ ...right, sub: '' })],
  ['role', sign({ ...right, role: 'root' })],
])('names the check that failed: %s', async (check, token) => {
  for (const also of [undefined, 'a second secret of thirty-two bytes'])
    expect(await linesFor(verifyOf(aConfig({ ...config, JWT_SECRET_ALSO: also })), token)).toEqual(
      line(check),
    );
});

it('names a revocation', async () => {
  expect(await linesFor(() => Promise.reject(refused('revoked')), 'x')).toEqual(line('revoked'));
});
