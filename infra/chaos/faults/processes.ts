import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE_MS } from '@switchboard/shared/contracts';
import { waitFor } from '../../testing/index.ts';
import { BACK_WITHIN_MS, between, kill, restart, untilServing, type Fault } from '../fault.ts';
import { Member } from '../member.ts';

const PROGRAMS = ['chat-service', 'presence-service', 'message-service', 'message-service-2', 'gateway', 'gateway-2'];

/** The launcher waits longer each time before it restarts what dies all the time. */
const AFTER_MANY_DEATHS_MS = 15_000;

/** Longer than the launcher takes a short life for: it starts again at once whatever lived that long. */
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
  strike: (scene) => scene.load.rest(async () => {
    for (const name of PROGRAMS) await restart(scene, name);
  }),
};

/** The process dies at one step of a send, again and again: each life ends at its `times`th pass. */
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

/** Killed whenever the launcher starts it again. */
const dead = (name: string, forMs: number): Fault => ({
  name: `${name} dead for ${forMs / 1_000} s`,
  strike: async (scene) => {
    const { system, load, note, complain } = scene;
    const until = performance.now() + forMs;
    const before = load.operations.length;
    note(`SIGKILL to ${name}, and again as often as it comes back`);
    while (performance.now() < until) {
      if ((await system.processes()).some((one) => one.name === name)) await system.kill(name);
      await sleep(50);
    }
    const known = load.operations.slice(before).filter(({ chatId }) => load.chatIds.includes(chatId));
    const failed = known.filter(({ outcome }) => outcome !== 'ok' && outcome !== 'pending');
    note(`${known.length - failed.length} of ${known.length} sends to known chats were acknowledged meanwhile`);
    if (failed.length > known.length / 100) complain(`${failed.length} sends to known chats failed while ${name} was dead`);
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

/** Everything is told to stop when there is nobody to say goodbye to. */
const stoppedAlone: Fault = {
  name: 'everything told to stop while nats and Postgres are frozen',
  strike: async (scene) => {
    const { system, note, complain } = scene;
    for (const server of ['nats', 'postgres']) await kill(scene, server, 'SIGSTOP');
    await sleep(1_000);
    const since = performance.now();
    for (const name of PROGRAMS) await kill(scene, name, 'SIGTERM');
    const ended = () => new Map([...readFileSync(system.log, 'utf8').matchAll(/^· (\S+) died \(([^)]*)\)/gm)].map(([, name = '', how = '']) => [name, how]));
    await waitFor(() => PROGRAMS.every((name) => ended().has(name)), { what: 'everything to end', timeoutMs: 30_000 });
    const tookMs = Math.round(performance.now() - since);
    note(`all had ended after ${tookMs} ms`);
    if (tookMs > 15_000) complain(`they took ${tookMs} ms to end`);
    for (const [name, how] of ended()) if (how !== 'exit code 0') complain(`${name} ended with ${how}`);
    for (const server of ['nats', 'postgres']) await kill(scene, server, 'SIGCONT');
    await untilServing(scene, BACK_WITHIN_MS.postgres);
    // The gateways could tell nobody who was with them: their leases must run out first.
    await sleep(LEASE_MS);
  },
};

/** Whoever was on the gateway is gone with it, and nobody else notices them go twice. */
const ghosts: Fault = {
  name: 'a gateway killed whose users do not come back',
  strike: async (scene) => {
    const { system, load, note, complain } = scene;
    const watchers = load.members.filter(({ url }) => url === system.urls[0]);
    const visitors = watchers.map((watcher, n) => {
      const subject = { id: 7_000 + n, role: 'admin' as const, email: `visitor${n}@example.com` };
      return { watcher, userId: subject.id, member: new Member(system.urls[1] ?? '', system.token(subject), subject.email, watcher.chatId, subject) };
    });
    try {
      await waitFor(() => visitors.every(({ member }) => member.isJoined), { what: 'the visitors to join', timeoutMs: 10_000 });
      for (const { member } of visitors) member.socket.io.reconnection(false);
      const since = performance.now();
      await restart(scene, 'gateway-2');
      const told = () => visitors.map(({ watcher, userId }) => watcher.departures.get(userId) ?? 0);
      await waitFor(() => told().every((times) => times > 0), { what: 'everybody to hear of the departures', timeoutMs: 30_000 });
      const tookMs = Math.round(performance.now() - since);
      note(`${visitors.length} visitors were told to have left ${tookMs} ms after the kill`);
      if (tookMs > 15_000) complain(`ghosts for ${tookMs} ms`);
      await sleep(2_000);
      if (told().some((times) => times !== 1)) complain('a departure was told more than once');
    } finally {
      for (const { member } of visitors) member.close();
    }
  },
};

/** What was meant for the frozen one is done when it thaws, late: what was done by the other meanwhile must stand. */
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
  killed('message-service', 3, { name: 'the only message-service killed 3 times', replicas: 'gateway=2,message-service=1' }),
  killedIdle,
  ghosts,
  bothMessageServices,
  dead('chat-service', 60_000),
  diesAt('gateway', 'gateway.frameRead'),
  diesAt('gateway', 'bus.requestPublished', 400),
  diesAt('message-service', 'message.inTransaction'),
  diesAt('message-service', 'message.committed'),
  diesAt('message-service', 'message.told'),
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
