import { describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { mintToken } from './jwt.ts';
import { newSecret } from './passwords.ts';
import { parseSubject } from './token-options.ts';

describe('a token', () => {
  it('carries what the gateway asks for, and ends', () => {
    const secret = newSecret();
    const subject = parseSubject({ id: '7', role: 'admin', email: 'a@b.c', 'expires-in': '2h' });
    const claims = jwt.verify(mintToken(secret, subject), secret, { algorithms: ['HS256'] });
    expect(claims).toMatchObject({ sub: '7', role: 'admin', email: 'a@b.c' });
    if (typeof claims === 'string') throw new Error('no claims');
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(7_200);
  });

  it('names a machine where the role is service', () => {
    const secret = newSecret();
    expect(jwt.verify(mintToken(secret, parseSubject({ id: 'crm', role: 'service' })), secret)).toMatchObject({ sub: 'crm', role: 'service', jti: expect.any(String) });
  });

  it.each([
    [{ id: '0' }, '--id'],
    [{ id: 'seven' }, '--id'],
    [{}, '--id'],
    [{ id: '7', role: 'root' }, '--role'],
    [{ id: '7', 'expires-in': 'soon' }, '--expires-in'],
    [{ id: '7', 'expires-in': '32d' }, '--expires-in'],
    [{ id: 'no name', role: 'service' }, '--id'],
  ])('is not made from %j', (values, option) => {
    expect(() => parseSubject(values)).toThrow(option);
  });
});
