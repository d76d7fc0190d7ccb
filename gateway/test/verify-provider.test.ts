import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Failure } from '@switchboard/shared/errors';
import { SignJWT } from 'jose';
import type { Verify } from '../src/auth/claims.ts';
import { aConfig, verifyOf } from './given.ts';

interface ProviderKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const rsa: ProviderKey = { kid: 'rsa', alg: 'RS256', ...generateKeyPairSync('rsa', { modulusLength: 2048 }) };
const ec: ProviderKey = { kid: 'ec', alg: 'ES256', ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
const ed: ProviderKey = { kid: 'ed', alg: 'EdDSA', ...generateKeyPairSync('ed25519') };
const rotated: ProviderKey = {
  kid: 'rotated',
  alg: 'ES256',
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }),
};

/** A provider on a free port: which keys it serves may change, and so may all of its behaviour. */
class Provider {
  keys: ProviderKey[] = [rsa, ec, ed];
  requests = 0;
  answer: RequestListener = (_request, response) => {
    const keys = this.keys.map(({ kid, alg, publicKey }) => ({
      ...publicKey.export({ format: 'jwk' }),
      kid,
      alg,
      use: 'sig',
    }));
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));
  };
  readonly #server: Server = createServer((request, response) => {
    this.requests += 1;
    this.answer(request, response);
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/keys`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const sign = ({ kid, alg, privateKey }: ProviderKey, claims: Record<string, unknown> = {}): Promise<string> =>
  new SignJWT({
    sub: '7',
    email: 'a@b.c',
    role: 'client',
    iat: Math.floor(Date.now() / 1000),
    exp: Math.floor(Date.now() / 1000) + 60,
    ...claims,
  })
    .setProtectedHeader({ alg, kid })
    .sign(privateKey);

let provider: Provider;
let url: string;
let verify: Verify;
beforeEach(async () => {
  // Only the clock, so that a cooldown passes at will.
  jest.useFakeTimers({
    doNotFake: [
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'setImmediate',
      'clearImmediate',
      'nextTick',
      'queueMicrotask',
      'performance',
      'hrtime',
    ],
  });
  provider = new Provider();
  url = await provider.start();
  verify = verifyOf(aConfig({ JWT_SECRET: undefined, JWT_JWKS_URL: url }));
});
afterEach(async () => {
  jest.useRealTimers();
  await provider.stop();
});

const outcome = async (token: string): Promise<unknown> => {
  try {
    const identity = await verify(token);
    return identity.kind === 'user' ? identity.actor.id : identity.machine;
  } catch (error) {
    return error instanceof Failure ? [error.code, error.retryable] : error;
  }
};
const REFUSED = ['UNAUTHORIZED', false];
const UNAVAILABLE = ['UNAVAILABLE', true];

describe('tokens of a provider', () => {
  it.each([rsa, ec, ed])('signed with $alg are accepted with one fetch of the keys', async (key) => {
    expect(await outcome(await sign(key))).toBe(7);
    expect(await outcome(await sign(key))).toBe(7);
    expect(provider.requests).toBe(1);
  });

  it.each<[string, Record<string, unknown>]>([
    ['expired', { exp: 1 }],
    ['not yet valid', { nbf: 9_999_999_999 }],
    ['without an end', { exp: undefined }],
    ['for nobody', { sub: '' }],
    ['in no role', { role: 'root' }],
  ])('are refused when %s', async (_, claims) => {
    expect(await outcome(await sign(ec, claims))).toEqual(REFUSED);
  });

  it('are refused when another key signed them', async () => {
    expect(await outcome(await sign({ ...rotated, kid: ec.kid }))).toEqual(REFUSED);
  });

  it('are refused when signed, as if with a secret, with the public key', async () => {
    const forms = [rsa, ec].flatMap(
      ({ publicKey, kid }) =>
        [
          [kid, publicKey.export({ format: 'pem', type: 'spki' })],
          [kid, JSON.stringify(publicKey.export({ format: 'jwk' }))],
          [kid, publicKey.export({ format: 'der', type: 'spki' })],
        ] as const,
    );
    for (const [kid, secret] of forms) {
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const signed = `${part({ alg: 'HS256', kid })}.${part({ sub: '7', email: 'a@b.c', role: 'admin', exp: 9_999_999_999 })}`;
      expect(
        await outcome(`${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`),
      ).toEqual(REFUSED);
      expect(await outcome(`${part({ alg: 'none', kid })}.${signed.split('.')[1] ?? ''}.`)).toEqual(REFUSED);
    }
  });

  it('are refused when issued by others or meant for others', async () => {
    verify = verifyOf(
      aConfig({
        JWT_SECRET: undefined,
        JWT_JWKS_URL: url,
        JWT_ISSUER: 'https://id.example',
        JWT_AUDIENCE: 'chat',
      }),
    );
    const right = { iss: 'https://id.example', aud: 'chat' };
    expect(await outcome(await sign(ec, right))).toBe(7);
    for (const wrong of [{}, { ...right, iss: 'https://evil.example' }, { ...right, aud: 'mail' }])
      expect(await outcome(await sign(ec, wrong))).toEqual(REFUSED);
  });
});

describe('a token that says where its key is', () => {
  it.each(['jku', 'x5u'])('is not believed: no request goes there for its %s', async (name) => {
    const trap = new Provider();
    const trapUrl = await trap.start();
    const own = { ...rsa, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) };
    trap.keys = [own];
    const claims = {
      sub: '7',
      email: 'a@b.c',
      role: 'client',
      iat: Math.floor(Date.now() / 1000),
      exp: Math.floor(Date.now() / 1000) + 60,
    };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: own.kid, [name]: trapUrl })
      .sign(own.privateKey);
    expect(await outcome(token)).toEqual(REFUSED);
    expect(trap.requests).toBe(0);
    await trap.stop();
  });

  it('is not believed when it brings the key along', async () => {
    const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const claims = {
      sub: '7',
      email: 'a@b.c',
      role: 'client',
      iat: Math.floor(Date.now() / 1000),
      exp: Math.floor(Date.now() / 1000) + 60,
    };
    const jwk = own.publicKey.export({ format: 'jwk' });
    expect(
      await outcome(await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', jwk }).sign(own.privateKey)),
    ).toEqual(REFUSED);
    expect(
      await outcome(
        await new SignJWT(claims)
          .setProtectedHeader({ alg: 'RS256', kid: rsa.kid, jwk })
          .sign(own.privateKey),
      ),
    ).toEqual(REFUSED);
  });

  it.each(['../../../etc/passwd', `x' OR '1'='1`, '__proto__', 'constructor', 'x'.repeat(1_000)])(
    'is refused with the kid %j',
    async (kid) => {
      expect(await outcome(await sign({ ...rsa, kid }))).toEqual(REFUSED);
    },
  );
});

describe('keys that rotate', () => {
  it('are fetched again for an unknown kid after the cooldown', async () => {
    expect(await outcome(await sign(ec))).toBe(7);
    provider.keys = [rotated];
    expect(await outcome(await sign(rotated))).toEqual(UNAVAILABLE);
    jest.setSystemTime(Date.now() + 10_001);
    expect(await outcome(await sign(rotated))).toBe(7);
    expect(provider.requests).toBe(2);
    jest.setSystemTime(Date.now() + 10_001);
    expect(await outcome(await sign(ec))).toEqual(REFUSED);
  });

  it('are accepted for at most ten minutes after the provider has withdrawn them', async () => {
    expect(await outcome(await sign(ec))).toBe(7);
    provider.keys = [rsa];
    jest.setSystemTime(Date.now() + 599_000);
    expect(await outcome(await sign(ec))).toBe(7);
    jest.setSystemTime(Date.now() + 1_001);
    expect(await outcome(await sign(ec))).toEqual(REFUSED);
  });

  it('are not fetched for every unknown kid', async () => {
    expect(await outcome(await sign(ec))).toBe(7);
    for (let n = 0; n < 20; n++)
      expect(await outcome(await sign({ ...rotated, kid: `made-up-${n}` }))).toEqual(UNAVAILABLE);
    expect(provider.requests).toBe(1);
  });
});

describe('a provider that is down', () => {
  it.each<[string, RequestListener]>([
    [
      'says 500',
      (_request, response) => {
        response.writeHead(500).end();
      },
    ],
    [
      'says nonsense',
      (_request, response) => {
        response.end('<html>');
      },
    ],
    [
      'says something that is no list of keys',
      (_request, response) => {
        response.end('{"keys": 7}');
      },
    ],
    [
      'hangs up',
      (request) => {
        request.destroy();
      },
    ],
    ['never answers', () => undefined],
  ])('%s: UNAVAILABLE', async (_, answer) => {
    provider.answer = answer;
    expect(await outcome(await sign(ec))).toEqual(UNAVAILABLE);
  });

  it('gets UNAVAILABLE, and the token is accepted once the provider is back', async () => {
    const answer = provider.answer;
    provider.answer = (request) => {
      request.destroy();
    };
    expect(await outcome(await sign(ec))).toEqual(UNAVAILABLE);
    provider.answer = answer;
    expect(await outcome(await sign(ec))).toBe(7);
  });

  it('does not matter for cached keys', async () => {
    expect(await outcome(await sign(ec))).toBe(7);
    await provider.stop();
    expect(await outcome(await sign(rsa))).toBe(7);
    jest.setSystemTime(Date.now() + 10_001);
    expect(await outcome(await sign(rotated))).toEqual(UNAVAILABLE);
  });
});
