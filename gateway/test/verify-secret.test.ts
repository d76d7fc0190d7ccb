import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Failure } from '@switchboard/shared/errors';
import jwt from 'jsonwebtoken';
import { aConfig, SECRET, verifyOf } from './given.ts';

const verify = verifyOf(aConfig());
const nowS = () => Math.floor(Date.now() / 1000);
const claims = { sub: '7', email: 'a@b.c', role: 'client' };
const sign = (extra: Record<string, unknown> = {}, secret = SECRET, options: jwt.SignOptions = {}): string =>
  jwt.sign({ ...claims, exp: nowS() + 60, ...extra }, secret, { algorithm: 'HS256', ...options });

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** Any header one likes over good claims. */
const forge = (
  header: Record<string, unknown>,
  signature: (signed: string) => string,
  extra: Record<string, unknown> = {},
): string => {
  const signed = `${part({ typ: 'JWT', ...header })}.${part({ ...claims, iat: nowS(), exp: nowS() + 60, ...extra })}`;
  return `${signed}.${signature(signed)}`;
};
const hmac = (hash: string) => (signed: string) =>
  createHmac(hash, SECRET).update(signed).digest('base64url');

const refusal = async (token: string | undefined, by = verify) => {
  const failure: unknown = await by(token).then(
    () => 'let in',
    (error: unknown) => error,
  );
  return failure instanceof Failure ? [failure.code, failure.details] : failure;
};
const REFUSED = ['UNAUTHORIZED', undefined];

describe('with JWT_SECRET', () => {
  it('returns the identity and the expiry of a valid token', async () => {
    const exp = nowS() + 60;
    expect(await verify(sign({ exp }))).toEqual({
      kind: 'user',
      actor: { id: 7, email: 'a@b.c', role: 'client' },
      expiresAt: exp * 1000,
      issuedAt: expect.any(Number),
      tokenId: undefined,
    });
    expect(await verify(forge({ alg: 'HS256' }, hmac('sha256')))).toMatchObject({ actor: { id: 7 } });
  });

  it('accepts the tokens of both keys during rotation, and of no third', async () => {
    const both = verifyOf(
      aConfig({ JWT_SECRET: 'the new secret of thirty-two bytes', JWT_SECRET_ALSO: SECRET }),
    );
    expect(await both(sign())).toMatchObject({ actor: { id: 7 } });
    expect(await both(sign({}, 'the new secret of thirty-two bytes'))).toMatchObject({ actor: { id: 7 } });
    expect(await refusal(sign({}, 'another secret of thirty-two bytes'), both)).toEqual(REFUSED);
    expect(await refusal(sign({ exp: nowS() - 1 }), both)).toEqual(REFUSED);
  });

  it.each<[string, string | undefined]>([
    ['no token', undefined],
    ['an empty one', ''],
    ['nonsense', 'abc'],
    ['another key', sign({}, 'another secret of thirty-two bytes')],
    ['expired', sign({ exp: nowS() - 1 })],
    ['expires now', sign({ exp: nowS() })],
    ['not yet valid', sign({ nbf: nowS() + 60 })],
    ['without an end', jwt.sign(claims, SECRET)],
    ['an end that is no number', forge({ alg: 'HS256' }, hmac('sha256'), { exp: 'never' })],
    ['an end that is null', forge({ alg: 'HS256' }, hmac('sha256'), { exp: null })],
    ['id that is no text', sign({ sub: 'a\0' })],
    ['an unknown role', sign({ role: 'root' })],
    ['a string for claims', jwt.sign('just a string', SECRET)],
    ...['none', 'None', 'NONE', 'nOnE'].flatMap((alg): [string, string][] => [
      [`alg ${alg} without a signature`, forge({ alg }, () => '')],
      [`alg ${alg} with one`, forge({ alg }, hmac('sha256'))],
    ]),
    ...[['exp'], ['b64'], []].map((crit): [string, string] => [
      `crit ${JSON.stringify(crit)}`,
      forge({ alg: 'HS256', crit, b64: true }, hmac('sha256')),
    ]),
    ['no alg', forge({}, hmac('sha256'))],
    ['alg HS256 without a signature', forge({ alg: 'HS256' }, () => '')],
    ['alg HS384', forge({ alg: 'HS384' }, hmac('sha384'))],
    ['alg HS512', forge({ alg: 'HS512' }, hmac('sha512'))],
    ['alg RS256 signed with the secret', forge({ alg: 'RS256' }, hmac('sha256'))],
    ['longer than the maximum', sign({ padding: 'x'.repeat(8 * 1024) })],
  ])('refused: %s', async (_, token) => {
    expect(await refusal(token)).toEqual(REFUSED);
  });

  it('refused: changed claims under an old signature', async () => {
    const [header, , signature] = sign().split('.');
    expect(
      await refusal(`${header}.${part({ ...claims, role: 'admin', exp: nowS() + 60 })}.${signature}`),
    ).toEqual(REFUSED);
  });
});

describe('with an issuer and an audience', () => {
  const strict = verifyOf(aConfig({ JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'chat' }));
  const right = { iss: 'https://id.example', aud: 'chat' };

  it('accepts a token with both', async () => {
    expect(await strict(sign(right))).toMatchObject({ actor: { id: 7 } });
    expect(await strict(sign({ ...right, aud: ['mail', 'chat'] }))).toMatchObject({ actor: { id: 7 } });
  });

  it.each([
    { ...right, iss: 'https://evil.example' },
    { ...right, aud: 'mail' },
    { iss: right.iss },
    { aud: right.aud },
  ])('refuses %j', async (wrong) => {
    expect(await refusal(sign(wrong), strict)).toEqual(REFUSED);
  });
});

it('reads claims under configured names', async () => {
  const renamed = verifyOf(
    aConfig({ JWT_ID_CLAIM: 'uid', JWT_EMAIL_CLAIM: 'mail', JWT_ROLE_CLAIM: 'group' }),
  );
  expect(await renamed(sign({ uid: 8, mail: 'x@y.z', group: 'admin' }))).toMatchObject({
    actor: { id: 8, email: 'x@y.z', role: 'admin' },
  });
  expect(await refusal(sign(), renamed)).toEqual(REFUSED);
});
