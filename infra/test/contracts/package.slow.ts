import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aClient, openChat } from '../e2e/client.ts';
import { root } from '../../dev/topology/paths.ts';
import { startSystem, waitFor, type TestSystem } from '../helpers/index.ts';
import { corpus, current, read, type Version } from './corpus.ts';
import { released } from './files.ts';
import { packContracts } from './pack.ts';
import { Scratch } from './scratch.ts';

const COMPILE = {
  module: 'NodeNext',
  target: 'ES2023',
  types: ['node'],
  strict: true,
  noEmit: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
};

describe("the package, in another team's project", () => {
  let scratch: Scratch;
  let system: TestSystem;
  beforeAll(async () => {
    const installed = async () => {
      scratch = await Scratch.install(
        packContracts(join(root, 'node_modules/.cache/switchboard')),
        'socket.io-client@4.8.4',
        '@types/node@24',
      );
      await cp(
        join(scratch.folder, 'node_modules/@switchboard/contracts/examples/client.ts'),
        join(scratch.folder, 'client.ts'),
      );
      await scratch.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILE, include: ['*.ts'] }));
    };
    [, system] = await Promise.all([installed(), startSystem()]);
  }, 120_000);
  afterAll(async () => {
    await system.stop();
    await scratch.remove();
  }, 60_000);

  /** What is wrong, or nothing. */
  async function compile(): Promise<string> {
    const child = spawn(join(root, 'node_modules/.bin/tsc'), ['-p', scratch.folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return text(child.stdout);
  }

  it('has types for a client, a service and a consumer', async () => {
    await scratch.write(
      'service.ts',
      `
      import { cloudEventOf, integrationEvents, messageContracts, newMessage, type PayloadOf, type ReplyOf } from '@switchboard/contracts';
      import { roomSubject } from '@switchboard/contracts/subjects';
      import { encodeReply, RequestEnvelope } from '@switchboard/contracts/envelope';
      const subject: string = roomSubject('0198c0de-0000-7000-8000-000000000001', 'message');
      const text: string | undefined = cloudEventOf(integrationEvents['message.created']).parse({}).data.text;
      const seq = (message: PayloadOf<typeof newMessage>, reply: ReplyOf<typeof messageContracts.sendMessage>): number => message.seq + reply.seq;
      console.log(subject, text, seq, encodeReply(1, {}), RequestEnvelope);
    `,
    );
    expect(await compile()).toBe('');
    await scratch.write(
      'wrong.ts',
      `
      import type { ClientToServerEvents } from '@switchboard/contracts';
      export const say = (emit: ClientToServerEvents['sendMessage']): void => { emit({ chatId: 'x', message: { txt: 'hello' } }, () => undefined); };
    `,
    );
    expect(await compile()).toMatch(/wrong\.ts.*'txt'/s);
  }, 60_000);

  it('has constants and error codes that cost a browser bundle nothing but themselves', () => {
    const dist = join(scratch.folder, 'node_modules/@switchboard/contracts/dist');
    for (const file of ['contracts/limits.js', 'errors.js'])
      expect(readFileSync(join(dist, file), 'utf8')).not.toMatch(/^import /m);
    expect(readFileSync(join(dist, 'contracts/index.js'), 'utf8')).toContain('ERRORS');
  });

  it('has an example client that runs, and misses nothing while the gateway is away', async () => {
    const owner = aClient();
    const chatId = await openChat(system, owner);
    const start = () => {
      const child = spawn(
        process.execPath,
        [join(scratch.folder, 'node_modules/@switchboard/contracts/examples/client.js')],
        { env: { ...process.env, SWITCHBOARD_URL: system.url, TOKEN: system.token(owner), CHAT_ID: chatId } },
      );
      const received: string[] = [];
      child.stdout.on('data', (text: Buffer) => received.push(...text.toString().trim().split('\n')));
      return { child, received };
    };
    const [one, other] = [start(), start()];
    try {
      await waitFor(() => [one, other].every(({ received }) => received.includes('· joined')), {
        what: 'both to join',
        timeoutMs: 15_000,
      });
      one.child.stdin.write('hello\n');
      await waitFor(() => other.received.some((line) => line.endsWith('hello')), {
        what: 'the other to receive it',
      });
      await system.kill('gateway');
      one.child.stdin.write('are you there?\n');
      await waitFor(
        () => [one, other].every(({ received }) => received.some((line) => line.endsWith('are you there?'))),
        { what: 'what was said meanwhile', timeoutMs: 30_000 },
      );
      for (const { received } of [one, other])
        expect(received.filter((line) => line !== '· joined')).toEqual(
          ['hello', 'are you there?'].map((text) => `${String(owner.email)}: ${text}`),
        );
    } finally {
      for (const { child } of [one, other]) child.kill();
    }
  }, 90_000);
});

describe('this version and the last release, on the wire', () => {
  const recorded = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(released.corpus, 'utf8')));
  let scratch: Scratch;
  let last: Version;
  beforeAll(async () => {
    scratch = await Scratch.install(released.package);
    const load = (file: string): Promise<unknown> =>
      import(pathToFileURL(join(scratch.folder, `node_modules/@switchboard/contracts/dist/${file}.js`)).href);
    last = { contracts: await load('contracts/index'), envelope: await load('bus/envelope') } as Version;
  }, 60_000);
  afterAll(() => scratch.remove());

  it.each(Object.entries(recorded))(
    '%s, as the last release said it, means the same to this one',
    (name, wire) => {
      expect(read(current, name, wire)).toMatchObject(meaningOf(read(last, name, wire)));
    },
  );

  it.each(Object.entries(corpus()))(
    '%s, as this one says it, means the same to the last release, as far as it knows it',
    (name, wire) => {
      const meaning = read(last, name, wire);
      if (!(name in recorded)) return;
      expect(read(current, name, wire)).toMatchObject(meaningOf(meaning));
    },
  );
});

function meaningOf(read: unknown): object {
  if (typeof read !== 'object' || read === null) throw new Error('it could not be read');
  return read;
}
