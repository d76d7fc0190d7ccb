import { MessageId } from '@switchboard/shared/contracts';
import { io, type Socket } from 'socket.io-client';
import { z } from 'zod';
import { withClient } from '../../../dev/processes/postgres-setup.ts';
import { Switchboard } from '../contenders/switchboard.ts';
import { Rounds } from '../outcome.ts';
import { History, SMALL } from '../seed.ts';
import { median } from '../statistics.ts';
import type { Effort, Scenario } from './scenario.ts';
import { cpuPer, measure, record, type Traffic } from './side-by-side.ts';

const SIZES = [100_000, 1_000_000, 10_000_000] as const;
const READS = 100;
const ofSends: Traffic = { chats: 50, members: 2, pace: { kind: 'closed', inFlight: 2 }, per: 'send' };

const Page = z.object({ messages: z.array(z.object({ id: MessageId })), nextCursor: z.string().optional() });
const Joined = z.object({
  event: z.literal('joinedChat'),
  data: z.object({ messages: z.array(z.unknown()).length(49) }),
});

/** Shows that neither reads nor sends become slower as the stored messages grow. */
export const history: Scenario = {
  name: 'history',
  minutes: 12,
  run: async (effort) => {
    const rounds = new Rounds();
    const system = await Switchboard.start();
    try {
      await withClient(system.databaseUrl(), async (client) => {
        const stored = await History.begin(client);
        for (const size of SIZES) {
          await stored.growTo(size, effort.log);
          for (let round = 0; round < effort.rounds; round++) {
            effort.log(`sends among ${String(size)}, round ${String(round + 1)} of ${String(effort.rounds)}`);
            record(rounds, `${String(size)} stored`, ofSends, await measure(system, ofSends, effort));
          }
        }
        await read(system, stored, rounds, effort);
        rounds.add(`${String(SIZES[2])} stored`, 'stored per message', 'B', await stored.bytesPerMessage());
      });
    } finally {
      await system.stop();
    }
    const large = `chat of ${String((SIZES.at(-1) ?? 0) / 10)}`;
    const small = `chat of ${String(SMALL)}`;
    return {
      scenario: 'history',
      about:
        'The load of `send` while the stored messages grow; then pages of 50 of the largest chat, one at a time, beside pages of a small one.',
      figures: rounds.figures,
      goals: [
        {
          name: 'first page, of that of a chat of 100',
          ratios: rounds.ratios(FIRST_PAGE, large, small),
          atMost: 2,
        },
        {
          name: 'what came after a message, of that in a chat of 100',
          ratios: rounds.ratios(AFTER, large, small),
          atMost: 2,
        },
        {
          name: 'CPU per send among 10,000,000 stored, of that among 100,000',
          ratios: rounds.ratios(cpuPer('send'), `${String(SIZES[2])} stored`, `${String(SIZES[0])} stored`),
          atMost: 1.15,
        },
      ],
    };
  },
};

const FIRST_PAGE = 'first page p50';
const MIDDLE_PAGE = 'page from the middle p50';
const AFTER = 'what came after a message p50';

async function read(
  system: Switchboard,
  { large, small }: History,
  rounds: Rounds,
  { rounds: count, log }: Effort,
): Promise<void> {
  const token = system.token('admin');
  const socket = io(system.system.url, { auth: { token }, forceNew: true, transports: ['websocket'] });
  try {
    for (let round = 0; round <= count; round++) {
      log(round === 0 ? 'pages: warm-up' : `pages: round ${String(round)} of ${String(count)}`);
      for (const [chatId, of] of [
        [large, `chat of ${String((SIZES.at(-1) ?? 0) / 10)}`],
        [small, `chat of ${String(SMALL)}`],
      ] as const) {
        const first = await page(system, token, chatId);
        const cursor = Buffer.from(
          `before:${String(of.endsWith(String(SMALL)) ? SMALL / 2 : 500_000)}`,
        ).toString('base64url');
        const figures = {
          [FIRST_PAGE]: await timed(() => page(system, token, chatId)),
          [MIDDLE_PAGE]: await timed(() => page(system, token, chatId, cursor)),
          [AFTER]: await timed(() => after(socket, chatId, first.messages[0]?.id ?? '')),
        };
        if (round > 0) for (const [name, ms] of Object.entries(figures)) rounds.add(of, name, 'ms', ms);
      }
    }
  } finally {
    socket.disconnect();
  }
}

/** Median time in ms of sequential reads. */
async function timed(read: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < READS; n++) {
    const startedAt = performance.now();
    await read();
    times.push(performance.now() - startedAt);
  }
  return median(times);
}

async function page(
  system: Switchboard,
  token: string,
  chatId: string,
  cursor?: string,
): Promise<z.output<typeof Page>> {
  const query = cursor === undefined ? '' : `&cursor=${cursor}`;
  const response = await fetch(`${system.system.url}/api/v1/chats/${chatId}/messages?limit=50${query}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const read = Page.parse(await response.json());
  if (read.messages.length < 49)
    throw new Error(`history: the page had ${String(read.messages.length)} messages, expected at least 49`);
  return read;
}

async function after(socket: Socket, chatId: string, messageId: string): Promise<void> {
  Joined.parse(await socket.timeout(10_000).emitWithAck('joinChat', { chatId, after: messageId }));
}
