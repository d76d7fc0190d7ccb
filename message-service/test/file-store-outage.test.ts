import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { messageContracts } from '@switchboard/shared/contracts';
import { instruments } from '@switchboard/shared/telemetry';
import { freePort, waitFor } from '@switchboard/infra/test';
import { pino } from 'pino';
import S3rver from 's3rver';
import { z } from 'zod';
import { owner } from './given.ts';
import { startMessageService, type TestMessageService } from './service.ts';

// What operators see while the store of files is away, and that the rest of the service works.

const Line = z.looseObject({ level: z.number(), msg: z.string(), why: z.string().optional() });
let lines: z.output<typeof Line>[] = [];
let service: TestMessageService;
const start = async (environment: Record<string, string> = {}): Promise<void> => {
  lines = [];
  const write = (line: string) => lines.push(Line.parse(JSON.parse(line)));
  service = await startMessageService(environment, pino({}, { write }));
};
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await service.stop();
  for (const stop of stops.splice(0)) await stop();
});

const readyz = async () => {
  const response = await fetch(`${service.url}/readyz`);
  return { status: response.status, body: await response.json() };
};
const gauge = () =>
  [...instruments]
    .filter(({ name }) => name === 'switchboard.files.ready')
    .flatMap(({ points }) => [...points()].map(({ value }) => value));
const about = () => lines.filter(({ msg }) => msg.startsWith('files:')).map(({ msg, why }) => ({ msg, why }));
const UNAVAILABLE = 'files: the file store is unavailable; uploads and downloads fail, messages do not';
const AVAILABLE = 'files: the file store is available again';
const put = async (): Promise<number> => {
  const file = { name: 'x.txt', contentType: 'text/plain' };
  const { url } = await service.gateway.request(messageContracts.uploadFile, file, { actor: owner });
  return (await fetch(url, { method: 'PUT', body: 'bytes' })).status;
};

it('says once why uploads fail when the folder is gone, stays ready, and says when it is back', async () => {
  await start();
  expect([await put(), gauge(), (await readyz()).body]).toEqual([201, [1], { ready: true, missing: [] }]);

  await rename(service.filesDir, `${service.filesDir}.away`);
  expect([await put(), await put(), await put()]).toEqual([503, 503, 503]);
  const why = `${service.filesDir} does not exist (ENOENT)`;
  expect(about()).toEqual([{ msg: UNAVAILABLE, why }]);
  expect(gauge()).toEqual([0]);
  expect(await readyz()).toEqual({
    status: 200,
    body: { ready: true, missing: [], degraded: { files: why } },
  });
  const chatId = service.chatService.open();
  expect(await service.send(chatId, { text: 'texts need no file store' })).toMatchObject({ seq: 1 });

  await rename(`${service.filesDir}.away`, service.filesDir);
  expect(await put()).toBe(201);
  await waitFor(() => gauge()[0] === 1, { what: 'the store to be available again' });
  expect(about()).toEqual([
    { msg: UNAVAILABLE, why },
    { msg: AVAILABLE, why: undefined },
  ]);
  expect(await readyz()).toEqual({ status: 200, body: { ready: true, missing: [] } });
}, 20_000);

it.each([
  [
    'a bucket that does not exist',
    { S3_BUCKET: 'missing' },
    'the bucket missing does not exist (NoSuchBucket)',
  ],
  [
    'an unknown key',
    { S3_ACCESS_KEY_ID: 'nobody' },
    'the store does not know S3_ACCESS_KEY_ID (InvalidAccessKeyId)',
  ],
])(
  'says at the start that the store is unusable with %s, and shows no secret',
  async (_, wrong, why) => {
    const directory = await mkdtemp(join(tmpdir(), 'switchboard-s3-'));
    const s3 = new S3rver({
      port: 0,
      address: '127.0.0.1',
      silent: true,
      directory,
      configureBuckets: [{ name: 'files' }],
    });
    const { port } = await s3.run();
    stops.push(async () => {
      await s3.close();
      await rm(directory, { recursive: true });
    });
    await start({
      S3_BUCKET: 'files',
      S3_ENDPOINT: `http://127.0.0.1:${port}`,
      S3_ACCESS_KEY_ID: 'S3RVER',
      S3_SECRET_ACCESS_KEY: 'S3RVER',
      ...wrong,
    });
    await waitFor(() => about().length > 0, { what: 'the line of the outage' });
    expect([await put(), await put()]).toEqual([503, 503]);
    expect(about()).toEqual([{ msg: UNAVAILABLE, why }]);
    expect(await readyz()).toMatchObject({ status: 200, body: { ready: true, degraded: { files: why } } });
    expect(JSON.stringify(lines)).not.toMatch(/nobody/);
  },
  30_000,
);

it('says that the endpoint of the store is down', async () => {
  const port = await freePort();
  await start({
    S3_BUCKET: 'files',
    S3_ENDPOINT: `http://127.0.0.1:${port}`,
    S3_ACCESS_KEY_ID: 'a key',
    S3_SECRET_ACCESS_KEY: 'a secret',
  });
  await waitFor(() => about().length > 0, { what: 'the line of the outage' });
  expect(about()).toEqual([
    { msg: UNAVAILABLE, why: `http://127.0.0.1:${port} does not answer (ECONNREFUSED)` },
  ]);
  expect(gauge()).toEqual([0]);
}, 30_000);
