import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { root } from '../../dev/topology/paths.ts';
import { scrape, startSystem, waitFor, type TestSystem } from '../helpers/index.ts';
import { aClient, Clients, openChat } from './client.ts';

const ROUNDS = 3;
const SENDS = 80;
const EVERY_MS = 20;
/** The slowest hundredth of so few sends is one or two of them: below this it is noise. */
const NOISE_MS = 6;

let system: TestSystem;
let clients: Clients;
beforeAll(async () => {
  system = await startSystem({
    env: { RATE_LIMIT_EVENTS: '', MAX_SOCKETS_PER_USER: '', OTEL_METRICS_EXPORTER: 'prometheus' },
  });
  clients = new Clients(system);
}, 90_000);
afterAll(async () => {
  clients.closeAll();
  await system.stop();
}, 60_000);

/**
 * The acknowledgement times of the sends of a new user, in ms. Sends start on schedule, whether or not
 * earlier ones ended.
 */
async function measureSomebody(): Promise<number[]> {
  const user = aClient();
  const chatId = await openChat(system, user);
  const client = await clients.connect(user);
  const replies = [];
  for (let n = 0; n < SENDS; n++) {
    const began = performance.now();
    replies.push(
      client
        .request('sendMessage', { chatId, message: { text: 'hello' } })
        .then(({ event, code }) => ({ event, code, tookMs: performance.now() - began })),
    );
    await sleep(EVERY_MS);
  }
  const all = await Promise.all(replies);
  return all.filter(({ event }) => event === 'messageSent').map(({ tookMs }) => tookMs);
}

const refusals = async (): Promise<number> =>
  (await scrape(system, 'gateway')).sum('switchboard_gateway_rate_limited_total');

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;

async function startFlooder(): Promise<ChildProcess> {
  const user = aClient();
  const chatId = await openChat(system, user);
  const flooder = fork(join(root, 'infra/test/e2e/flooder.ts'), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: { ...process.env, FLOOD_URL: system.url, FLOOD_TOKEN: system.token(user), FLOOD_CHAT: chatId },
  });
  await once(flooder, 'message');
  // The flood begins after the allowed burst, with the first refusal.
  const before = await refusals();
  await waitFor(async () => (await refusals()) > before + 600, { what: 'the flood', timeoutMs: 10_000 });
  return flooder;
}

interface Percentiles {
  quiet: number[];
  flooded: number[];
}

async function compare(): Promise<Percentiles> {
  const quiet: number[] = [];
  const flooded: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    quiet.push(...(await measureSomebody()));
    const flooder = await startFlooder();
    flooded.push(...(await measureSomebody()));
    flooder.kill();
    await once(flooder, 'exit');
  }
  return { quiet, flooded };
}

/** Compares several times: noise may spoil one comparison, a flooder that gets through spoils all. */
it("refuses a flooder, and keeps the 99th percentile of another user's sends below twice its normal value", async () => {
  await measureSomebody();
  const figures: string[] = [];
  for (let attempt = 1; attempt <= 8; attempt++) {
    const { quiet, flooded } = await compare();
    expect(flooded).toHaveLength(ROUNDS * SENDS);
    const [before, during] = [percentile(quiet, 0.99), percentile(flooded, 0.99)];
    figures.push(
      `quiet p50 ${percentile(quiet, 0.5).toFixed(1)} ms, p99 ${before.toFixed(1)} ms; beside a flooder p50 ${percentile(flooded, 0.5).toFixed(1)} ms, p99 ${during.toFixed(1)} ms`,
    );
    if (during < 2 * Math.max(before, NOISE_MS)) {
      console.log(figures.join('\n'));
      return;
    }
  }
  throw new Error(figures.join('\n'));
}, 300_000);
