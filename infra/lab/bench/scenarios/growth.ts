import { randomUUID } from 'node:crypto';
import { withClient } from '../../../dev/processes/postgres-setup.ts';
import type { Contender } from '../contenders/contender.ts';
import { Switchboard } from '../contenders/switchboard.ts';
import { Load } from '../load/load.ts';
import { Rounds, type Outcome } from '../outcome.ts';
import type { Scenario } from './scenario.ts';
import { cpuPer, measure, record, type Traffic } from './side-by-side.ts';

const FLAT = 1.15;
const ofSends: Traffic = { chats: 50, members: 2, pace: { kind: 'closed', inFlight: 2 }, per: 'send' };

/** Adds silent rooms to a gateway whose other rooms are busy. */
export const rooms: Scenario = {
  name: 'growth: rooms',
  minutes: 5,
  run: async (effort) => {
    const rounds = new Rounds();
    const system = await Switchboard.start();
    const watchers = new Load();
    try {
      let joined = 0;
      for (const upTo of [100, 1_000, 10_000, 100_000]) {
        effort.log(`${String(upTo)} rooms`);
        joined += await joinSilentRooms(system, watchers, upTo - joined);
        for (let round = 0; round < effort.rounds; round++)
          record(rounds, `${String(upTo)} rooms`, ofSends, await measure(system, ofSends, effort));
      }
      return outcome(
        'growth: rooms',
        'The load of `send`, while the number of rooms on the gateway grows.',
        rounds,
        [
          {
            name: 'CPU per send with 100,000 rooms, of that with 100',
            ratios: rounds.ratios(cpuPer('send'), '100000 rooms', '100 rooms'),
            atMost: FLAT,
          },
        ],
      );
    } finally {
      await watchers.close();
      await system.stop();
    }
  },
};

const ROOMS_PER_SOCKET = 5_000;

/** Writes chats into the services' projections, as if they came from chat-service's log, and joins them. */
async function joinSilentRooms(system: Switchboard, watchers: Load, count: number): Promise<number> {
  const chatIds = Array.from({ length: count }, () => randomUUID());
  await withClient(system.databaseUrl(), async (client) => {
    for (const schema of ['message', 'presence']) {
      await client.query(
        `INSERT INTO ${schema}.chat (id, client_id, status, version) SELECT id, 1, 'ACTIVE', 1 FROM unnest($1::uuid[]) AS id`,
        [chatIds],
      );
    }
  });
  for (let start = 0; start < count; start += ROOMS_PER_SOCKET) {
    await watchers.watch(
      { url: system.system.url, auth: { token: system.token('admin') } },
      chatIds.slice(start, start + ROOMS_PER_SOCKET),
    );
  }
  return count;
}

/** Sends per second; three gateways at this rate leave the machine idle CPU. */
const SENDS_PER_GATEWAY = 300;

/** Grows the number of gateways at the same load for each; both members of a chat share a gateway. */
export const gateways: Scenario = {
  name: 'growth: gateways',
  minutes: 3,
  run: async (effort) => {
    const rounds = new Rounds();
    for (const count of [1, 2, 3]) {
      const traffic: Traffic = {
        chats: 50 * count,
        members: 2,
        pace: { kind: 'open', perSecond: SENDS_PER_GATEWAY * count },
        per: 'send',
      };
      const system = await Switchboard.start({ replicas: `gateway=${String(count)}` });
      const ofGateways: Contender = {
        name: system.name,
        edgePid: system.edgePid,
        processes: new Map([...system.processes].filter(([name]) => name.startsWith('gateway'))),
        openChats: (chats, size) => system.openChats(chats, size),
        stop: () => system.stop(),
      };
      try {
        for (let round = 0; round < effort.rounds; round++) {
          effort.log(`${String(count)} gateways, round ${String(round + 1)} of ${String(effort.rounds)}`);
          record(rounds, `${String(count)} gateways`, traffic, await measure(ofGateways, traffic, effort));
        }
      } finally {
        await system.stop();
      }
    }
    return outcome(
      'growth: gateways',
      `${String(SENDS_PER_GATEWAY)} sends a second for each gateway, in chats of two; the CPU is that of the gateways.`,
      rounds,
      [
        {
          name: 'CPU of the gateways per send with three, of that with one',
          ratios: rounds.ratios(cpuPer('send'), '3 gateways', '1 gateways'),
          atMost: FLAT,
        },
      ],
    );
  },
};

/** Grows the members of one chat; all receive what two of them send. */
export const members: Scenario = {
  name: 'growth: members',
  minutes: 3,
  run: async (effort) => {
    const rounds = new Rounds();
    const system = await Switchboard.start();
    try {
      for (const count of [2, 10, 100, 1_000]) {
        const traffic: Traffic = {
          chats: 1,
          members: count,
          senders: 2,
          pace: { kind: 'closed', inFlight: 8 },
          per: 'delivery',
        };
        effort.log(`${String(count)} members`);
        for (let round = 0; round < effort.rounds; round++)
          record(rounds, `${String(count)} members`, traffic, await measure(system, traffic, effort));
      }
      return outcome(
        'growth: members',
        'One chat; two of its members send, with eight sends in flight each.',
        rounds,
        [
          {
            name: 'CPU per delivery with 1,000 members, of that with 100',
            ratios: rounds.ratios(cpuPer('delivery'), '1000 members', '100 members'),
            atMost: FLAT,
          },
        ],
      );
    } finally {
      await system.stop();
    }
  },
};

const outcome = (scenario: string, about: string, { figures }: Rounds, goals: Outcome['goals']): Outcome => ({
  scenario,
  about,
  figures,
  goals,
});
