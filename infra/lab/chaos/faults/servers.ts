import { setTimeout as sleep } from 'node:timers/promises';
import { withDatabase } from '../../../test/helpers/system-database.ts';
import { BACK_WITHIN_MS, untilServing, type Fault, type Scene } from '../fault.ts';

/** Another transaction holds the row lock of a chat. */
const heldRow: Fault = {
  name: 'the row of a chat held by someone for 10 s',
  strike: async ({ system, load, note, complain }) => {
    const [chatId = ''] = load.chatIds;
    const before = load.operations.length;
    await withDatabase(system, async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM message.chat WHERE id = $1 FOR UPDATE', [chatId]);
      note(`held the row of chat ${chatId}`);
      await sleep(10_000);
      await client.query('ROLLBACK');
    });
    const failed = load.operations
      .slice(before)
      .filter(({ code }) => code !== undefined && code !== 'CHAT_CLOSED');
    const elsewhere = failed.filter((operation) => operation.chatId !== chatId);
    note(
      `${failed.length - elsewhere.length} sends to it failed with ${[...new Set(failed.map(({ code }) => code))].join(', ')}; ${elsewhere.length} to other chats failed`,
    );
    if (elsewhere.length > 0) complain('sends to other chats failed');
  },
};

/** Postgres cannot store another row; reads and joins still work. */
const diskFull: Fault = {
  name: 'the disk of the tables full for 10 s',
  diskMib: 160,
  strike: async (scene) => {
    const { site, load, note, complain } = scene;
    site.disk?.fill();
    const since = load.operations.length;
    const until = performance.now() + 10_000;
    let reads = 0;
    while (performance.now() < until) {
      const reader = scene.random.pick(load.members);
      const reply = await reader.request('joinChat', { chatId: reader.chatId, after: reader.seen.at(0)?.id });
      if (reply?.event !== 'joinedChat')
        complain(`a read failed while the disk was full: ${JSON.stringify(reply)}`);
      reads += 1;
      await sleep(50);
    }
    const failed = load.operations.slice(since).filter(({ code }) => code === 'UNAVAILABLE');
    note(`${reads} reads succeeded and ${failed.length} sends were refused during that time`);
    if (failed.length === 0) complain('no send was refused: the disk was not full');
    site.disk?.free();
    await untilServing(scene, BACK_WITHIN_MS.postgres);
  },
};

const wrongClock = (instance: string): Fault => ({
  name: `the clock of ${instance} 5 minutes ahead, then 5 minutes behind`,
  clocks: [instance],
  strike: async ({ site, note }) => {
    for (const minutes of [5, -5, 0]) {
      note(
        `the clock of ${instance} ${minutes === 0 ? 'is correct again' : `is wrong by ${minutes} minutes`}`,
      );
      site.clocks.get(instance)?.moveBy(minutes * 60);
      // Longer than a lease.
      await sleep(minutes === 0 ? 2_000 : 15_000);
    }
  },
});

const clusterNode: Fault = {
  name: 'three nats-servers, one after the other killed',
  natsServers: 3,
  maxConnections: 1,
  strike: async (scene) => {
    for (const [index, server] of scene.site.natsCluster.entries()) {
      scene.note(`SIGKILL to nats-server ${index + 1}`);
      await server.kill();
      await untilServing(scene, BACK_WITHIN_MS.nats);
      await sleep(3_000);
      await server.restart();
      await untilLinked(scene);
    }
  },
};

/** Waits until a restarted server is part of the cluster, before the next one is killed. */
const untilLinked = async ({ load }: Scene): Promise<void> => {
  await sleep(3_000);
  await load.untilJoined();
};

export const serverFaults: readonly Fault[] = [
  heldRow,
  diskFull,
  clusterNode,
  ...['gateway', 'message-service', 'chat-service', 'presence-service', 'postgres'].map(wrongClock),
];
