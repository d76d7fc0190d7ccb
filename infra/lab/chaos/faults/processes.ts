import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE_MS } from '@switchboard/shared/contracts';
import { waitFor } from '../../../test/helpers/index.ts';
import { BACK_WITHIN_MS, between, kill, restart, untilServing, type Fault } from '../fault.ts';
import { deathsIn } from '../launcher-log.ts';
import { Member } from '../member.ts';

const PROGRAMS = [
  'chat-service',
  'presence-service',
  'message-service',
  'message-service-2',
  'gateway',
  'gateway-2',
];

/** The launcher backs off before it restarts a process that dies repeatedly. */
const AFTER_MANY_DEATHS_MS = 15_000;

/** Longer than a life that the launcher counts as short, so it restarts the process at once. */
const LIFE_MS = 3_000;

const killed = (name: string, times: number, changes: Partial<Fault> = {}): Fault => ({
  name: `${name} killed ${times === 1 ? 'once' : `${times} times`} under load`,
  strike: async (scene) => {
    for (let n = 0; n < times; n++) {
      if (n > 0) await sleep(LIFE_MS);
      await between(0, 1_000, scene.random);
      await restart(scene, name);
    }
  },
  ...changes,
});

const killedIdle: Fault = {
  name: 'every process killed while nobody does anything',
  strike: (scene) =>
    scene.load.rest(async () => {
      for (const name of PROGRAMS) await restart(scene, name);
    }),
};

/** The process dies at one step of a send, after each restart at its `times`th pass of that step. */
const diesAt = (instance: string, point: string, times = 60): Fault => ({
  name: `${instance} dies at ${point}, again and again`,
  failpoints: `${instance}:${point}=kill@${times}`,
  strike: async (scene) => {
    await sleep(12_000);
    await untilServing(scene, AFTER_MANY_DEATHS_MS);
  },
});

const frozen = (name: string, forMs: number): Fault => ({
  name: `${name} frozen for ${forMs / 1_000} s`,
  strike: async (scene) => {
    await kill(scene, name, 'SIGSTOP');
    await sleep(forMs);
    await kill(scene, name, 'SIGCONT');
    await untilServing(scene, name === 'postgres' ? BACK_WITHIN_MS.postgres : BACK_WITHIN_MS.process);
  },
});

/** Kills the process each time the launcher restarts it. */
const dead = (name: string, forMs: number): Fault => ({
  name: `${name} dead for ${forMs / 1_000} s`,
  strike: async (scene) => {
    const { system, load, note, complain } = scene;
    const until = performance.now() + forMs;
    const before = load.operations.length;
    note(`SIGKILL to ${name}, and again after each restart`);
    while (performance.now() < until) {
      if ((await system.processes()).some((one) => one.name === name)) await system.kill(name);
      await sleep(50);
    }
    const known = load.operations.slice(before).filter(({ chatId }) => load.chatIds.includes(chatId));
    const failed = known.filter(({ outcome }) => outcome !== 'ok' && outcome !== 'pending');
    note(
      `${known.length - failed.length} of ${known.length} sends to known chats were acknowledged during that time`,
    );
    if (failed.length > known.length / 100)
      complain(`${failed.length} sends to known chats failed while ${name} was dead`);
    await untilServing(scene, AFTER_MANY_DEATHS_MS);
  },
});

const bothMessageServices: Fault = {
  name: 'both message-services killed at once',
  strike: async (scene) => {
    await Promise.all([kill(scene, 'message-service'), restart(scene, 'message-service-2')]);
    await untilServing(scene, BACK_WITHIN_MS.process);
  },
};

const rollingRestart: Fault = {
  name: 'a rolling restart of everything',
  maxConnections: 2,
  strike: async (scene) => {
    for (const name of PROGRAMS) await restart(scene, name, 'SIGTERM');
  },
};

/** All programs get SIGTERM while neither NATS nor Postgres replies. */
const stoppedAlone: Fault = {
  name: 'everything told to stop while nats and Postgres are frozen',
  strike: async (scene) => {
    const { system, note, complain } = scene;
    for (const server of ['nats', 'postgres']) await kill(scene, server, 'SIGSTOP');
    await sleep(1_000);
    const since = performance.now();
    for (const name of PROGRAMS) await kill(scene, name, 'SIGTERM');
    const ended = () => new Map(deathsIn(system.log).map(({ name, how }) => [name, how]));
    await waitFor(() => PROGRAMS.every((name) => ended().has(name)), {
      what: 'all programs to end',
      timeoutMs: 30_000,
    });
    const tookMs = Math.round(performance.now() - since);
    note(`all programs ended after ${tookMs} ms`);
    if (tookMs > 15_000) complain(`the programs took ${tookMs} ms to end`);
    for (const [name, how] of ended()) if (how !== 'exit code 0') complain(`${name} ended with ${how}`);
    for (const server of ['nats', 'postgres']) await kill(scene, server, 'SIGCONT');
    await untilServing(scene, BACK_WITHIN_MS.postgres);
    // The gateways could not report that their users left, so their leases must expire first.
    await sleep(LEASE_MS);
  },
};

/** Users of a killed gateway leave with it; each watcher receives one `left` event per user. */
const ghosts: Fault = {
  name: 'a gateway killed whose users do not come back',
  strike: async (scene) => {
    const { system, load, note, complain } = scene;
    const watchers = load.members.filter(({ url }) => url === system.urls[0]);
    const visitors = watchers.map((watcher, n) => {
      const subject = { id: 7_000 + n, role: 'admin' as const, email: `visitor${n}@example.com` };
      return {
        watcher,
        userId: subject.id,
        member: new Member(
          system.urls[1] ?? '',
          system.token(subject),
          subject.email,
          watcher.chatId,
          subject,
        ),
      };
    });
    try {
      await waitFor(() => visitors.every(({ member }) => member.isJoined), {
        what: 'the visitors to join',
        timeoutMs: 10_000,
      });
      for (const { member } of visitors) member.socket.io.reconnection(false);
      const since = performance.now();
      await restart(scene, 'gateway-2');
      const departures = () => visitors.map(({ watcher, userId }) => watcher.departures.get(userId) ?? 0);
      await waitFor(() => departures().every((times) => times > 0), {
        what: 'every watcher to receive a `left` event',
        timeoutMs: 30_000,
      });
      const tookMs = Math.round(performance.now() - since);
      note(`${visitors.length} visitors were reported as left ${tookMs} ms after the kill`);
      if (tookMs > 15_000) complain(`killed users stayed active for ${tookMs} ms`);
      await sleep(2_000);
      if (departures().some((times) => times !== 1))
        complain('a watcher received more than one `left` event for a user');
    } finally {
      for (const { member } of visitors) member.close();
    }
  },
};

/** A replica that thaws handles old requests late; they must not undo what the other replica did since. */
const thawing: Fault = {
  name: 'one of two presence-services frozen for 4 s, three times',
  replicas: 'gateway=2,message-service=2,presence-service=2',
  strike: async (scene) => {
    for (let n = 0; n < 3; n++) {
      await kill(scene, 'presence-service', 'SIGSTOP');
      await sleep(4_000);
      await kill(scene, 'presence-service', 'SIGCONT');
      await sleep(1_000);
    }
    await untilServing(scene, BACK_WITHIN_MS.process);
  },
};

export const processFaults: readonly Fault[] = [
  killed('message-service', 3, { everyday: true }),
  killed('gateway', 1),
  killed('gateway-2', 3),
  killed('chat-service', 2),
  killed('presence-service', 2),
  killed('nats', 2),
  killed('postgres', 10, { name: 'Postgres killed 10 times in the middle of transactions' }),
  killed('postgres', 2),
  killed('message-service', 3, {
    name: 'the only message-service killed 3 times',
    replicas: 'gateway=2,message-service=1',
  }),
  killedIdle,
  ghosts,
  bothMessageServices,
  dead('chat-service', 60_000),
  diesAt('gateway', 'gateway.frameRead'),
  diesAt('gateway', 'bus.requestPublished', 400),
  diesAt('message-service', 'message.inTransaction'),
  diesAt('message-service', 'message.committed'),
  diesAt('message-service', 'message.published'),
  diesAt('message-service', 'bus.replied', 200),
  frozen('chat-service', 60_000),
  frozen('nats', 20_000),
  frozen('postgres', 20_000),
  frozen('message-service', 5_000),
  frozen('presence-service', 20_000),
  thawing,
  rollingRestart,
  stoppedAlone,
];
