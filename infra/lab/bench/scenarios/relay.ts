import { EVENTS_EXCHANGE } from '@switchboard/shared/contracts';
import { withClient } from '../../../dev/processes/postgres-setup.ts';
import {
  EventConsumer,
  startRabbit,
  waitFor,
  WITHOUT_WEBHOOKS,
  type TestRabbit,
} from '../../../test/helpers/index.ts';
import { Switchboard } from '../contenders/switchboard.ts';
import { cpuOf, cpuSince } from '../cpu.ts';
import { Rounds } from '../outcome.ts';
import { History } from '../seed.ts';
import type { Scenario } from './scenario.ts';

const BACKLOG = 200_000;
const TARGET_PER_SECOND = 5_000;
const RATE = 'events';
const OF = 'switchboard';

/** Drains the backlog that grew in the log while RabbitMQ was down. */
export const relay: Scenario = {
  name: 'relay',
  minutes: 4,
  run: async ({ rounds: count, log }) => {
    const rounds = new Rounds();
    for (let round = 1; round <= count; round++) {
      log(`round ${String(round)} of ${String(count)}`);
      const rabbit = await startRabbit();
      try {
        await drain(rabbit, rounds, log);
      } finally {
        await rabbit.stop();
      }
    }
    return {
      scenario: 'relay',
      about: `${String(BACKLOG)} messages of some thousand chats, every tenth in one chat, stored while RabbitMQ was down. Measured from its return until all are in a queue.`,
      figures: rounds.figures,
      goals: [
        {
          name: `events a second, of ${String(TARGET_PER_SECOND)}`,
          ratios:
            rounds.figures
              .find(({ name }) => name === RATE)
              ?.of[OF]?.map((rate) => rate / TARGET_PER_SECOND) ?? [],
          atLeast: 1,
        },
      ],
    };
  },
};

async function drain(rabbit: TestRabbit, rounds: Rounds, log: (line: string) => void): Promise<void> {
  const before = await EventConsumer.bind(rabbit.url, EVENTS_EXCHANGE);
  await before.close();
  await rabbit.kill();
  const system = await Switchboard.start({ only: WITHOUT_WEBHOOKS, env: { AMQP_URL: rabbit.url } });
  try {
    await withClient(system.databaseUrl(), async (client) => {
      await (await History.begin(client)).growTo(BACKLOG, log);
    });
    await rabbit.restart();
    const queue = await EventConsumer.attach(rabbit.url, before.queue);
    await waitFor(async () => (await queue.depth()) > 0, { what: 'the first event', timeoutMs: 30_000 });
    const [startedAt, first, cpuBefore] = [performance.now(), await queue.depth(), cpuOf(system.processes)];
    await waitFor(async () => (await queue.depth()) >= BACKLOG, {
      what: 'the last event',
      timeoutMs: 300_000,
      everyMs: 50,
    });
    const drained = BACKLOG - first;
    rounds.add(OF, RATE, '/s', (drained * 1_000) / (performance.now() - startedAt));
    rounds.addCpu(
      OF,
      'CPU per event',
      'µs',
      cpuSince(system.processes, cpuBefore),
      (ms) => (ms * 1_000) / drained,
    );
    await queue.close();
  } finally {
    await system.stop();
  }
}
