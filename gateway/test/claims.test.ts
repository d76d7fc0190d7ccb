import { describe, expect, it } from '@jest/globals';
import { readClaims, type RoleMap } from '../src/auth/claims.ts';

const names = { id: 'sub', email: 'email', role: 'role', name: 'name' };
const roles: RoleMap = new Map([
  ['client', 'client'],
  ['agent', 'admin'],
  ['admin', 'admin'],
  ['service', 'service'],
]);
const good = { sub: '7', email: 'a@b.c', role: 'client', iat: 1_999_999_000, exp: 2_000_000_000 };
const identity = {
  kind: 'user',
  actor: { id: 7, email: 'a@b.c', role: 'client' },
  expiresAt: 2_000_000_000_000,
  issuedAt: 1_999_999_000_000,
  tokenId: undefined,
};
const NOW = 1_999_999_500_000;
const read = (claims: Record<string, unknown>) => readClaims({ ...good, ...claims }, names, roles, NOW);

describe('claims that say who this is', () => {
  it.each<[string, Record<string, unknown>, unknown]>([
    ['an id as digits', {}, 7],
    ['an id as a number', { sub: 7 }, 7],
    ['the largest id', { sub: '8999999999999999' }, 8_999_999_999_999_999],
  ])('%s', (_, claims, id) => {
    expect(read(claims)).toEqual({ ...identity, actor: { ...identity.actor, id } });
  });

  it.each(['auth0|65f2', '0', '-1', '1.5', ' 7', '007', '9000000000000000', '٧'])(
    'a subject that is no number of the provider: %s',
    (sub) => {
      const actor = { email: 'a@b.c', role: 'client' };
      expect(read({ sub, iss: 'https://id.example/' })).toEqual({
        ...identity,
        kind: 'subject',
        actor,
        subject: { issuer: 'https://id.example/', subject: sub },
      });
      expect(read({ sub })).toMatchObject({ subject: { issuer: '', subject: sub } });
    },
  );

  it('an admin', () => {
    expect(read({ role: 'admin' })).toEqual({ ...identity, actor: { ...identity.actor, role: 'admin' } });
  });

  it('a machine with any valid name', () => {
    expect(read({ role: 'service', sub: 'crm', email: undefined, jti: 'x' })).toEqual({
      kind: 'machine',
      machine: 'crm',
      expiresAt: identity.expiresAt,
      issuedAt: identity.issuedAt,
      tokenId: 'x',
    });
  });

  it('with the id of the token', () => {
    expect(read({ jti: 'a1' })).toEqual({ ...identity, tokenId: 'a1' });
  });

  it('made by a clock that is ahead, for a month at most', () => {
    expect(read({ iat: NOW / 1_000 + 9 })).toBeDefined();
    expect(read({ iat: 2_000_000_000 - 31 * 86_400 })).toBeDefined();
  });
});

const named = (value: unknown): string => `${typeof value} ${JSON.stringify([value])}`;

describe('claims that do not', () => {
  it.each<[string, Record<string, unknown>]>([
    ...[
      undefined,
      null,
      '',
      0,
      -1,
      1.5,
      9e15,
      2 ** 53,
      NaN,
      Infinity,
      true,
      [7],
      ['7'],
      { id: 7 },
      'x'.repeat(256),
      'a\0',
    ].map((sub): [string, Record<string, unknown>] => [`an id ${named(sub)}`, { sub }]),
    ...[undefined, null, 'Client', 'ADMIN', 'root', '', 'client ', [], [['admin']], { admin: true }].map(
      (role): [string, Record<string, unknown>] => [`a role ${named(role)}`, { role }],
    ),
    ...[undefined, null, '2000000000', NaN, Infinity, -1, [2_000_000_000]].map(
      (exp): [string, Record<string, unknown>] => [`an end ${String(exp)}`, { exp }],
    ),
    ...[7, 'x'.repeat(321), 'a\0b', 'a\u202eb', 'a\u0301b', '\ud800'].map(
      (email): [string, Record<string, unknown>] => [`an e-mail ${String(email).slice(0, 9)}`, { email }],
    ),
    ...[undefined, null, '1', NaN, -1, [1], NOW / 1_000 + 11, 2_000_000_000 - 31 * 86_400 - 1].map(
      (iat): [string, Record<string, unknown>] => [`issued ${String(iat)}`, { iat }],
    ),
    ...[null, '', 7, 'x'.repeat(256), 'a\0', ['a']].map((jti): [string, Record<string, unknown>] => [
      `a token's id ${String(jti).slice(0, 9)}`,
      { jti },
    ]),
    ...[undefined, '', 7, 'x'.repeat(256), { $ne: null }].map((sub): [string, Record<string, unknown>] => [
      `a machine's name ${JSON.stringify([sub]).slice(0, 9)}`,
      { sub, role: 'service' },
    ]),
    ['an end that has come', { exp: NOW / 1_000 }],
    ['a beginning that is no time', { nbf: 'soon' }],
  ])('%s', (_, claims) => {
    expect(read(claims)).toEqual(expect.any(String));
  });
});

describe('claims that the provider names its own way', () => {
  it.each<[string, Record<string, unknown>]>([
    ['one of several roles', { role: ['offline_access', 'agent'] }],
    ['the strongest of several roles', { role: ['client', 'agent'] }],
    ['a role at a path', { role: undefined, realm_access: { roles: ['agent'] } }],
    ['a role under a URL', { role: undefined, 'https://chat.example/role': 'agent' }],
  ])('may give %s', (_what, claims) => {
    const role = Object.keys(claims).at(-1) ?? 'role';
    const at = { ...names, role: role === 'realm_access' ? 'realm_access.roles' : role };
    expect(readClaims({ ...good, ...claims }, at, roles, NOW)).toEqual({
      ...identity,
      actor: { ...identity.actor, role: 'admin' },
    });
  });

  it('may give no e-mail address, and a name to show', () => {
    expect(read({ email: undefined, name: 'Ann Example' })).toEqual({
      ...identity,
      actor: { ...identity.actor, email: '', name: 'Ann Example' },
    });
    expect(read({ email: null, name: 'A\u202en' })).toEqual({
      ...identity,
      actor: { ...identity.actor, email: '' },
    });
  });

  it('are read under those names, and only those', () => {
    const own = { id: 'https://id.example/uid', email: 'mail', role: 'group', name: 'who' };
    const { exp, iat } = good;
    expect(
      readClaims(
        { 'https://id.example/uid': 7, mail: 'a@b.c', group: 'client', sub: '8', role: 'admin', exp, iat },
        own,
        roles,
        NOW,
      ),
    ).toEqual(identity);
    expect(readClaims(good, own, roles, NOW)).toEqual(expect.any(String));
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('are never inherited: %s', (name) => {
    expect(readClaims(good, { ...names, id: name }, roles, NOW)).toEqual(expect.any(String));
    expect(readClaims(good, { ...names, email: name }, roles, NOW)).toMatchObject({ actor: { email: '' } });
    expect(readClaims(good, { ...names, role: name }, roles, NOW)).toEqual(expect.any(String));
  });

  it("are the token's own", () => {
    const inherited: Record<string, unknown> = {};
    Object.setPrototypeOf(inherited, good);
    expect(readClaims(inherited, names, roles, NOW)).toEqual(expect.any(String));
    expect(readClaims(Object.assign(inherited, good), names, roles, NOW)).toEqual(identity);
  });

  it('are read when the token itself has such a name', () => {
    const claims: Record<string, unknown> = JSON.parse(
      '{"__proto__": 7, "email": "a@b.c", "role": "client", "iat": 1999999000, "exp": 2000000000}',
    );
    expect(readClaims(claims, { ...names, id: '__proto__' }, roles, NOW)).toEqual(identity);
  });
});
