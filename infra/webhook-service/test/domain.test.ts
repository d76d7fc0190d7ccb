import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addressIn, isPublic } from '../src/domain/addresses.ts';
import { delayAfter, judge, RETRY_POLICY, type AttemptResult } from '../src/domain/attempt.ts';
import { readEvent } from '../src/domain/event.ts';
import { Seal } from '../src/domain/seal.ts';
import { headersOf } from '../src/domain/signature.ts';
import { anEvent } from './events.ts';

const HOUR = 3_600_000;

describe('judging an attempt', () => {
  const after = (result: AttemptResult, number = 1, ageMs = 0) =>
    judge({ number, ageMs, result }, RETRY_POLICY, 1);

  it.each([200, 201, 202, 204, 299])('%i is success', (status) => {
    expect(after({ status })).toEqual({ state: 'delivered' });
  });

  it.each([100, 199, 300, 301, 304, 307, 308, 400, 401, 404, 409, 429, 500, 503])(
    'retries on status %i',
    (status) => {
      expect(after({ status })).toEqual({
        state: 'waiting',
        error: `answered with ${status}`,
        delayMs: 5_000,
      });
    },
  );

  it('retries when no response arrived', () => {
    expect(after({ error: 'ECONNREFUSED' })).toEqual({
      state: 'waiting',
      error: 'ECONNREFUSED',
      delayMs: 5_000,
    });
  });

  it('gives up at once on status 410', () => {
    expect(after({ status: 410 })).toEqual({ state: 'dead', error: 'answered with 410' });
  });

  it('doubles the delay from 5 s to 4 h', () => {
    expect(
      [1, 2, 3, 4, 11, 12, 13, 100, 5_000].map((number) => delayAfter(number, RETRY_POLICY, 1) / 1_000),
    ).toEqual([5, 10, 20, 40, 5_120, 10_240, 14_400, 14_400, 14_400]);
  });

  it('keeps the jittered delay between half of that and all of it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (number, random) => {
          const full = delayAfter(number, RETRY_POLICY, 1);
          const delay = delayAfter(number, RETRY_POLICY, random);
          expect(delay).toBeGreaterThanOrEqual(full / 2);
          expect(delay).toBeLessThanOrEqual(full);
        },
      ),
    );
  });

  it('makes a last attempt 24 h after the first, and gives up when it fails', () => {
    expect(after({ status: 500 }, 16, 23 * HOUR)).toEqual({
      state: 'waiting',
      error: 'answered with 500',
      delayMs: HOUR,
    });
    expect(after({ status: 500 }, 17, 24 * HOUR)).toEqual({ state: 'dead', error: 'answered with 500' });
    expect(after({ error: 'ETIMEDOUT' }, 17, 24 * HOUR + 10)).toEqual({ state: 'dead', error: 'ETIMEDOUT' });
    expect(after({ status: 200 }, 17, 25 * HOUR)).toEqual({ state: 'delivered' });
  });

  it('ends after a day and about twenty attempts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 99, maxLength: 99 }),
        (randoms) => {
          let [ageMs, number] = [0, 1];
          for (; number < 100; number++) {
            const verdict = judge(
              { number, ageMs, result: { status: 500 } },
              RETRY_POLICY,
              randoms[number - 1] ?? 0,
            );
            if (verdict.state !== 'waiting') break;
            ageMs += verdict.delayMs;
          }
          expect(ageMs).toBe(24 * HOUR);
          expect(number).toBeLessThan(35);
        },
      ),
    );
  });
});

describe('an address', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.0.1',
    '172.32.0.1',
    '192.167.0.1',
    '11.0.0.1',
    '2606:4700:4700::1111',
    '2a00:1450::1',
  ])('%s is public', (address) => {
    expect(isPublic(address)).toBe(true);
  });

  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '100.127.255.255',
    '192.0.0.8',
    '192.0.2.1',
    '192.88.99.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.1.1.1',
    '240.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '100::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '2606:4700::1%eth0',
    'localhost',
    '',
    '8.8.8',
    '8.8.8.8.',
  ])('%s is not', (address) => {
    expect(isPublic(address)).toBe(false);
  });

  it.each([
    ['https://127.0.0.1/', '127.0.0.1'],
    ['https://2130706433/', '127.0.0.1'],
    ['https://0x7f.1/', '127.0.0.1'],
    ['https://0177.0.0.1:8443/', '127.0.0.1'],
    ['https://１２７.0.0.1/', '127.0.0.1'],
    ['https://[::1]/', '::1'],
    ['https://[::ffff:127.0.0.1]/', '::ffff:7f00:1'],
    ['https://example.com/', undefined],
    ['https://localhost/', undefined],
  ])('of %s is %s, however it is written', (url, address) => {
    expect(addressIn(new URL(url))).toBe(address);
  });
});

describe('a signature', () => {
  it('matches the Standard Webhooks specification', () => {
    const headers = headersOf(
      { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' },
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      1_614_265_330,
    );
    expect(headers).toMatchObject({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
    expect(headers).not.toHaveProperty('traceparent');
  });

  it('uses a secret without the prefix as raw bytes, and signs the body as UTF-8', () => {
    const secret = 'x'.repeat(32);
    const expected = createHmac('sha256', secret).update('a.7.{"text":"größer"}').digest('base64');
    expect(headersOf({ id: 'a', body: '{"text":"größer"}', traceparent: 't' }, secret, 7)).toMatchObject({
      'webhook-signature': `v1,${expected}`,
      traceparent: 't',
    });
  });
});

describe('an encrypted secret', () => {
  const key = 'k'.repeat(32);
  it('decrypts with the same key and owner, and differs each time', () => {
    const [one, two] = [new Seal(key).encrypt('a secret', 'one'), new Seal(key).encrypt('a secret', 'one')];
    expect(new Seal(key).decrypt(one, 'one')).toBe('a secret');
    expect(one.equals(two)).toBe(false);
    expect(one.includes('a secret')).toBe(false);
  });

  it('does not decrypt with another key or owner, or after a change', () => {
    const encrypted = new Seal(key).encrypt('a secret', 'one');
    expect(() => new Seal(`${key}x`).decrypt(encrypted, 'one')).toThrow();
    expect(() => new Seal(key).decrypt(encrypted, 'two')).toThrow();
    for (const index of [0, 12, encrypted.length - 1]) {
      const bent = Buffer.from(encrypted);
      bent[index]! ^= 1;
      expect(() => new Seal(key).decrypt(bent, 'one')).toThrow();
    }
    expect(() => new Seal(key).decrypt(Buffer.alloc(0), 'one')).toThrow();
  });
});

describe('an event', () => {
  const event = anEvent('0198c0de-0000-7000-8000-000000000001', 1);

  it('keeps all fields, also unknown ones', () => {
    const received = readEvent('message.created', JSON.stringify({ ...event, later: 'unknown \u0000 here' }));
    expect(received).toMatchObject({
      id: event.id,
      type: event.type,
      chatId: event.subject,
      routingKey: 'message.created',
    });
    expect(JSON.parse(received?.body ?? '')).toEqual({ ...event, later: 'unknown \u0000 here' });
    expect(received?.body).not.toContain('\u0000');
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '{}',
    JSON.stringify({ ...event, id: 'a\r\nb' }),
    JSON.stringify({ ...event, id: '' }),
    JSON.stringify({ ...event, subject: 'x' }),
    JSON.stringify({ ...event, specversion: '2.0' }),
  ])('is not %j', (content) => {
    expect(readEvent('message.created', content)).toBeUndefined();
  });

  it('has a traceparent only when it is valid', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    expect(readEvent('a', JSON.stringify({ ...event, traceparent }))?.traceparent).toBe(traceparent);
    expect(readEvent('a', JSON.stringify({ ...event, traceparent: 'x\r\ny' }))?.traceparent).toBeUndefined();
  });
});
