import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ConfigError, InternalServer } from '@switchboard/shared/runtime';
import { listenError } from '../src/runtime/listen-error.ts';

const taken = createServer();
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => {
  taken.close();
});

const refusal = (host: string, at: number): Promise<unknown> =>
  InternalServer.listen(host, at).catch((error: unknown) => error);

it('a port in use is a mistake that may pass', async () => {
  const error = await refusal('127.0.0.1', port);
  expect(error).toMatchObject({
    isFinal: false,
    mistakes: [`INTERNAL_PORT: ${String(port)} is taken by another process; choose another`],
  });
});

it('an address of another machine is a mistake that stays', async () => {
  expect(await refusal('192.0.2.1', 0)).toMatchObject({
    isFinal: true,
    mistakes: ['INTERNAL_HOST: 192.0.2.1 is not an address of this machine'],
  });
});

it('names the missing right, and leaves other errors alone', () => {
  const place = { host: '::', port: 80, variables: { host: 'HOST', port: 'PORT' } };
  const denied = listenError(Object.assign(new Error('no'), { code: 'EACCES' }), place);
  expect(denied).toBeInstanceOf(ConfigError);
  expect(denied.message).toContain('PORT: 80 needs the right to listen below 1024');
  const other = new Error('other');
  expect(listenError(other, place)).toBe(other);
});
