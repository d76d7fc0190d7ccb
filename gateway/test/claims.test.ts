import { describe, expect, it } from '@jest/globals';
import { readClaims } from '../src/auth/claims.ts';

const names = { id: 'sub', email: 'email', role: 'role' };
const good = { sub: '7', email: 'a@b.c', role: 'client', exp: 2_000_000_000 };
const identity = { actor: { id: 7, email: 'a@b.c', role: 'client' }, expiresAt: 2_000_000_000_000 };
const read = (claims: Record<string, unknown>) => readClaims({ ...good, ...claims }, names);

describe('claims that say who this is', () => {
  it.each<[string, Record<string, unknown>, unknown]>([
    ['an id as digits', {}, 7],
    ['an id as a number', { sub: 7 }, 7],
    ['the largest id', { sub: '9007199254740991' }, Number.MAX_SAFE_INTEGER],
    ['an id with leading zeros', { sub: '007' }, 7],
  ])('%s', (_, claims, id) => {
    expect(read(claims)).toEqual({ ...identity, actor: { ...identity.actor, id } });
  });

  it('an admin', () => {
    expect(read({ role: 'admin' })?.actor.role).toBe('admin');
  });

  it('with times that are none of its business', () => {
    expect(read({ nbf: 1, iat: 1.5 })).toEqual(identity);
  });
});

const named = (value: unknown): string => `${typeof value} ${JSON.stringify([value])}`;

describe('claims that do not', () => {
  it.each<[string, Record<string, unknown>]>([
    ...[undefined, null, '', 0, '0', -1, '-1', 1.5, '1.5', '1e3', '0x10', ' 7', '7 ', '٧', '9007199254740992', 2 ** 53, NaN, Infinity, true, [7], ['7'], { id: 7 }]
      .map((sub): [string, Record<string, unknown>] => [`an id ${named(sub)}`, { sub }]),
    ...[undefined, null, 'Client', 'ADMIN', 'root', '', 'client ', ['admin'], { admin: true }]
      .map((role): [string, Record<string, unknown>] => [`a role ${named(role)}`, { role }]),
    ...[undefined, null, '2000000000', NaN, Infinity, -1, [2_000_000_000]].map((exp): [string, Record<string, unknown>] => [`an end ${String(exp)}`, { exp }]),
    ...[undefined, '', 7, 'x'.repeat(321)].map((email): [string, Record<string, unknown>] => [`an e-mail ${String(email).slice(0, 9)}`, { email }]),
    ['a beginning that is no time', { nbf: 'soon' }],
  ])('%s', (_, claims) => {
    expect(read(claims)).toBeUndefined();
  });
});

describe('claims that the provider names its own way', () => {
  it('are read under those names, and only those', () => {
    const own = { id: 'https://id.example/uid', email: 'mail', role: 'group' };
    const { exp } = good;
    expect(readClaims({ 'https://id.example/uid': 7, mail: 'a@b.c', group: 'client', sub: '8', role: 'admin', exp }, own)).toEqual(identity);
    expect(readClaims(good, own)).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('are never inherited: %s', (name) => {
    expect(readClaims(good, { ...names, id: name })).toBeUndefined();
    expect(readClaims(good, { ...names, email: name })).toBeUndefined();
    expect(readClaims(good, { ...names, role: name })).toBeUndefined();
  });

  it('are the token\'s own', () => {
    const inherited: Record<string, unknown> = {};
    Object.setPrototypeOf(inherited, good);
    expect(readClaims(inherited, names)).toBeUndefined();
    expect(readClaims(Object.assign(inherited, good), names)).toEqual(identity);
  });

  it('are read when the token itself has such a name', () => {
    const claims: Record<string, unknown> = JSON.parse('{"__proto__": 7, "email": "a@b.c", "role": "client", "exp": 2000000000}');
    expect(readClaims(claims, { ...names, id: '__proto__' })).toEqual(identity);
  });
});
