import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import request from 'supertest';
import { mintToken, waitFor } from '@switchboard/infra/test';
import type { Client } from './client.ts';
import { admin, owner, SECRET, tokenOf } from './given.ts';
import { startGateway, type TestGateway } from './gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const secondsFromNow = (value: unknown): number =>
  (Date.parse((value as { expiresAt: string }).expiresAt) - Date.now()) / 1_000;
const isGone = (client: Client) =>
  waitFor(() => !client.socket.connected, { what: 'the connection to end', timeoutMs: 4_000 });

/** A token of the owner that was issued seconds ago and ends later than others. */
const issuedBefore = (seconds: number): string =>
  jwt.sign({ email: owner.email, role: owner.role, iat: Math.floor(Date.now() / 1_000) - seconds }, SECRET, {
    algorithm: 'HS256',
    subject: String(owner.id),
    expiresIn: '30d',
  });

describe('a token that ends', () => {
  it('warns its socket once, a minute before', async () => {
    const client = await gateway.connect(owner, { auth: { token: tokenOf(owner, 61) } });
    const [warning] = await client.receives('tokenExpiring');
    expect(secondsFromNow(warning)).toBeGreaterThan(58);
    expect(secondsFromNow(warning)).toBeLessThanOrEqual(60);
    expect(client.received).toHaveLength(1);
    expect(client.socket.connected).toBe(true);
  });

  it('warns at once when less than a minute is left', async () => {
    const client = await gateway.connect(owner, { auth: { token: tokenOf(owner, 30) } });
    await client.receives('tokenExpiring');
  });

  it('does not warn while it is valid for long', async () => {
    const client = await gateway.connect(owner, { auth: { token: tokenOf(owner, 3_600) } });
    await client.request('getActiveUsers', gateway.stubs.newChat().id);
    expect(client.received).toEqual([]);
  });
});

describe('a newer token', () => {
  it('keeps the socket and its rooms beyond the end of the first', async () => {
    const chat = gateway.stubs.newChat();
    const client = await gateway.connect(owner, { auth: { token: tokenOf(owner, 2) } });
    await client.join(chat.id);
    const reply = await client.request('refreshToken', { token: tokenOf(owner, 3_600) });
    expect(reply).toMatchObject({ event: 'tokenRefreshed', data: { expiresAt: expect.any(String) } });
    expect(secondsFromNow(reply.data)).toBeGreaterThan(3_590);
    await new Promise((resolve) => {
      setTimeout(resolve, 2_500);
    });
    chat.publishMessages();
    await client.receives('newMessage');
    expect(client.socket.connected).toBe(true);
  });

  it('that expires sooner ends the socket sooner', async () => {
    const client = await gateway.connect(owner, { auth: { token: tokenOf(owner, 3_600) } });
    await client.request('refreshToken', { token: tokenOf(owner, 1) });
    await isGone(client);
  });

  it.each<[string, () => unknown, string]>([
    ['of another user', () => ({ token: tokenOf({ ...owner, id: 2 }) }), 'FORBIDDEN'],
    ['of another role', () => ({ token: tokenOf({ ...owner, role: 'admin' }) }), 'FORBIDDEN'],
    ['of a machine', () => ({ token: mintToken(SECRET, { name: 'crm', role: 'service' }) }), 'FORBIDDEN'],
    ['that is none', () => ({ token: 'nonsense' }), 'UNAUTHORIZED'],
    ['that has ended', () => ({ token: tokenOf(owner, -1) }), 'UNAUTHORIZED'],
    ['issued earlier', () => ({ token: issuedBefore(5) }), 'VALIDATION'],
    ['with something beside it', () => ({ token: tokenOf(owner), role: 'admin' }), 'VALIDATION'],
    ['bare', () => tokenOf(owner), 'VALIDATION'],
    ['that is no text', () => ({ token: 7 }), 'VALIDATION'],
  ])('%s changes nothing', async (_, payload, code) => {
    const client = await gateway.connect(owner, { auth: { token: tokenOf(owner, 3_600) } });
    expect(await client.request('refreshToken', payload())).toMatchObject({ event: 'error', code });
    const { id } = gateway.stubs.newChat();
    expect(await client.request('sendMessage', { chatId: id, message: { text: 'x' } })).toMatchObject({
      data: { senderId: owner.id },
    });
  });
});

describe('a machine', () => {
  const machine = `Bearer ${mintToken(SECRET, { name: 'crm', role: 'service' })}`;
  const post = (authorization: string, body: unknown) =>
    request(gateway.url)
      .post('/api/v1/admin/revocations')
      .set('authorization', authorization)
      .send(body as object);

  it('is refused as a socket, with the error of any bad token', async () => {
    const refusal = await gateway
      .open({ auth: { token: mintToken(SECRET, { name: 'crm', role: 'service' }) } })
      .refused();
    expect(refusal).toMatchObject({ message: 'A valid token is needed.', data: { code: 'UNAUTHORIZED' } });
  });

  it('may call the HTTP routes for machines and none for users', async () => {
    expect((await post(machine, { userId: 4_711 })).body).toMatchObject({
      userId: 4_711,
      revokedAt: expect.any(String),
      until: expect.any(String),
    });
    for (const path of ['/api/v1/chats', `/api/v1/chats/${gateway.stubs.newChat().id}`]) {
      expect((await request(gateway.url).get(path).set('authorization', machine)).body).toMatchObject({
        code: 'FORBIDDEN',
        status: 403,
      });
    }
  });

  it('alone may revoke', async () => {
    for (const actor of [owner, admin])
      expect((await post(`Bearer ${tokenOf(actor)}`, { userId: 1 })).body).toMatchObject({
        code: 'FORBIDDEN',
        status: 403,
      });
    expect((await post('', { userId: 1 })).body).toMatchObject({ code: 'UNAUTHORIZED', status: 401 });
  });

  it.each([
    [{}],
    [{ userId: 1, jti: 'a' }],
    [{ userId: '1' }],
    [{ userId: -1 }],
    [{ jti: '' }],
    [{ jti: 7 }],
    [{ jti: 'x'.repeat(256) }],
    [{ userId: 1, until: 'never' }],
    [[]],
  ])('gets VALIDATION for %j', async (body) => {
    expect((await post(machine, body)).body).toMatchObject({ code: 'VALIDATION', status: 400 });
  });
});

describe('a revocation', () => {
  const revoke = (revoked: { userId: number } | { jti: string }) =>
    request(gateway.url)
      .post('/api/v1/admin/revocations')
      .set('authorization', `Bearer ${mintToken(SECRET, { name: 'crm', role: 'service' })}`)
      .send(revoked);
  const user = (id: number) => ({ ...owner, id });
  const tokenBefore = (id: number, tokenId?: string) =>
    mintToken(SECRET, { ...user(id), ...(tokenId === undefined ? {} : { tokenId }) });

  it('holds on the gateway that replies, from the reply on, also between two polls', async () => {
    for (let id = 40; id < 50; id++) {
      const token = tokenBefore(id);
      gateway.stubs.areRevocationsAway = true;
      await revoke({ userId: id });
      expect(await isLetIn(token)).toBe(false);
      const ask = request(gateway.url).get('/api/v1/chats').set('authorization', `Bearer ${token}`);
      expect((await ask).status).toBe(401);
    }
    gateway.stubs.areRevocationsAway = false;
  });

  it('of a user ends all sockets of this user within a second, and no others', async () => {
    const [one, two] = [await gateway.connect(user(21)), await gateway.connect(user(21))];
    const other = await gateway.connect(user(22));
    const began = performance.now();
    expect((await revoke({ userId: 21 })).status).toBe(201);
    await Promise.all([isGone(one), isGone(two)]);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(other.socket.connected).toBe(true);
  });

  /** Whether a token is let in; it may be shown out at once. */
  const isLetIn = (token: string): Promise<boolean> => {
    const { socket } = gateway.open({ auth: { token } });
    return new Promise((resolve, reject) => {
      socket.once('connect', () => {
        resolve(true);
      });
      socket.once('connect_error', ({ message }) => {
        if (message === 'A valid token is needed.') resolve(false);
        else reject(new Error(message));
      });
    });
  };

  it('refuses the token on sockets and over HTTP, and accepts a token issued later', async () => {
    const issuedAgo = (seconds: number) =>
      jwt.sign({ email: 'a@b.c', role: 'client', iat: Math.floor(Date.now() / 1_000) - seconds }, SECRET, {
        subject: '23',
        expiresIn: '1h',
      });
    const [old, ahead, newer] = [issuedAgo(60), issuedAgo(15), issuedAgo(0)];
    // Twenty seconds ago: an issuer's clock may be ten ahead of it.
    gateway.stubs.revoked({ userId: 23 }, Date.now() - 20_000);
    await waitFor(async () => !(await isLetIn(old)), { what: 'the revocation to hold' });
    expect(await isLetIn(ahead)).toBe(false);
    expect(
      (await request(gateway.url).get('/api/v1/chats').set('authorization', `Bearer ${old}`)).status,
    ).toBe(401);
    expect(await isLetIn(newer)).toBe(true);
  });

  it('of one token leaves other tokens of the user valid', async () => {
    const one = await gateway.connect(user(24), { auth: { token: tokenBefore(24, 'stolen') } });
    const two = await gateway.connect(user(24), { auth: { token: tokenBefore(24, 'own') } });
    await revoke({ jti: 'stolen' });
    await isGone(one);
    expect(two.socket.connected).toBe(true);
    expect(await two.request('refreshToken', { token: tokenBefore(24, 'stolen') })).toMatchObject({
      code: 'UNAUTHORIZED',
    });
  });

  it('holds while presence-service is away, and later ones arrive', async () => {
    const token = tokenBefore(25);
    await revoke({ userId: 25 });
    await waitFor(async () => !(await isLetIn(token)), { what: 'the revocation to hold' });
    gateway.stubs.areRevocationsAway = true;
    expect(await isLetIn(token)).toBe(false);
    const client = await gateway.connect(user(26));
    await revoke({ userId: 26 });
    gateway.stubs.areRevocationsAway = false;
    await isGone(client);
  });
});
