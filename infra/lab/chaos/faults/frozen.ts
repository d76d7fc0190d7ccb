import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../../test/helpers/index.ts';
import { BACK_WITHIN_MS, kill, untilServing, type Fault, type Scene } from '../fault.ts';
import type { Operation } from '../history.ts';
import { getChat, openChat } from '../http.ts';
import { Member, REPLY_WITHIN_MS } from '../member.ts';

const ALL_TWICE = 'gateway=2,message-service=2,presence-service=2,chat-service=2';
const FROZEN_MS = 25_000;
/** Requests succeed again this long after the freeze of one of several replicas. */
const AROUND_REPLICA_MS = 3_000;
/** A process needs three lost pings of a second each to leave its nats-server, and then another one. */
const AROUND_NATS_MS = 6_000;
/** A lease of 12 s, and a sweep. */
const LEFT_WITHIN_MS = 15_000;
const PROBE_EVERY_MS = 100;

/** Requests that are answered, and those that are not, while one replica is frozen. */
async function probeFor(ms: number, { system, load, random }: Scene): Promise<Map<string, string[]>> {
  const outcomes = new Map<string, string[]>();
  const record = async (what: string, work: Promise<unknown>): Promise<void> => {
    const failure = await work.then(
      () => '',
      (error: unknown) => String(error),
    );
    outcomes.set(what, [...(outcomes.get(what) ?? []), failure]);
  };
  const underWay: Promise<void>[] = [];
  const until = performance.now() + ms;
  while (performance.now() < until) {
    const member = random.pick(load.members);
    const url = random.pick(system.urls);
    const { chatId, subject } = member;
    const request = async (event: string, payload: unknown, expected: string): Promise<void> => {
      if (!member.socket.connected) return;
      const reply = await member.request(event, payload);
      if (reply?.event !== expected) throw new Error(reply?.code ?? 'no reply');
    };
    underWay.push(
      record('getActiveUsers', request('getActiveUsers', chatId, 'activeUsers')),
      record('typing', request('typing', { chatId, isTyping: true }, 'typing')),
      record('GET /chats/:chatId', getChat(url, system.token(subject), chatId)),
    );
    if (subject.role === 'client' && random.next() < 0.2)
      underWay.push(record('POST /chats', openChat(url, system.token(subject))));
    await sleep(PROBE_EVERY_MS);
  }
  await Promise.all(underWay);
  return outcomes;
}

/** A send that reached the system, and was not simply refused because its chat is closed. */
const hasFailed = ({ outcome, attempts, code }: Operation): boolean =>
  code !== 'CHAT_CLOSED' && (outcome !== 'ok' || attempts > 1);

interface Freeze {
  /** For complaints. */
  readonly what: string;
  /** Requests that begin this long after the freeze must succeed. */
  readonly aroundWithinMs: number;
  readonly begin: () => Promise<void>;
  readonly end: () => void | Promise<void>;
}

/** Freezes for long, and holds every request to account that began after the system found a way around. */
async function freeze(scene: Scene, { what, aroundWithinMs, begin, end }: Freeze): Promise<void> {
  const { load, note, complain, site } = scene;
  const since = performance.now();
  await begin();
  const early = await probeFor(aroundWithinMs, scene);
  const from = performance.now();
  const eventsBefore = site.witness?.events.length ?? 0;
  const late = await probeFor(FROZEN_MS - aroundWithinMs, scene);
  const until = performance.now();
  // Replies to the last sends.
  await sleep(2_000);
  const sends = (after: number, before: number) =>
    load.operations.filter(({ invokedAt }) => invokedAt >= after && invokedAt < before);
  const frozen = sends(from, until);
  note(
    `sends not acknowledged at once: ${share(sends(since, from))} in the first ${aroundWithinMs / 1_000} s, ${share(frozen)} after`,
  );
  for (const [request, failures] of late) {
    note(`${request} failed: ${shareOf(early.get(request) ?? [])}, then ${shareOf(failures)}`);
    const bad = failures.filter((failure) => failure !== '');
    if (bad.length > 0) complain(`${request} failed while ${what} was frozen: ${[...new Set(bad)].join()}`);
  }
  const failed = frozen.filter(hasFailed);
  if (failed.length > 0)
    complain(
      `${failed.length} sends failed while ${what} was frozen: ${[...new Set(failed.map(({ code }) => code))].join()}`,
    );
  if (site.witness?.events.length === eventsBefore)
    complain(`no integration event left while ${what} was frozen`);
  await end();
}

const share = (operations: readonly Operation[]): string =>
  `${operations.filter(hasFailed).length} of ${operations.length}`;
const shareOf = (failures: readonly string[]): string =>
  `${failures.filter((failure) => failure !== '').length} of ${failures.length}`;

/** Each of the two in turn: one of them leads the relay or the sweep. */
const oneFrozen = (program: string, everyday = false): Fault => ({
  name: `one of two ${program}s frozen for ${FROZEN_MS / 1_000} s, then the other`,
  replicas: ALL_TWICE,
  events: true,
  everyday,
  strike: async (scene) => {
    for (const name of [program, `${program}-2`]) {
      await freeze(scene, {
        what: name,
        aroundWithinMs: AROUND_REPLICA_MS,
        begin: () => kill(scene, name, 'SIGSTOP'),
        end: () => kill(scene, name, 'SIGCONT'),
      });
      await untilServing(scene, BACK_WITHIN_MS.process);
      await sleep(3_000);
    }
  },
});

const natsNode: Fault = {
  name: `one of three nats-servers frozen for ${FROZEN_MS / 1_000} s, each in turn`,
  natsServers: 3,
  replicas: ALL_TWICE,
  maxConnections: 1,
  strike: async (scene) => {
    for (const [index, server] of scene.site.natsCluster.entries()) {
      scene.note(`SIGSTOP to nats-server ${index + 1}`);
      await freeze(scene, {
        what: `nats-server ${index + 1}`,
        aroundWithinMs: AROUND_NATS_MS,
        begin: () => server.pause(),
        end: () => {
          server.resume();
        },
      });
      await untilServing(scene, BACK_WITHIN_MS.nats);
      await sleep(3_000);
    }
  },
};

/** Its users leave once its lease ends; one comes back elsewhere; all are back after the thaw. */
const gateway: Fault = {
  name: `one of two gateways frozen for ${FROZEN_MS / 1_000} s`,
  replicas: ALL_TWICE,
  losesLease: true,
  strike: async (scene) => {
    const { system, load, note, complain } = scene;
    const [here = '', there = ''] = system.urls;
    const watchers = load.members.filter(({ url }) => url === here);
    const absent = load.members.filter(({ url }) => url === there);
    const gone = ({ chatId, subject }: Member): boolean =>
      watchers.some((watcher) => watcher.chatId === chatId && watcher.departures.has(subject.id));
    const since = performance.now();
    await kill(scene, 'gateway-2', 'SIGSTOP');
    await waitFor(() => absent.every(gone), { what: 'a `left` event for each user', timeoutMs: 30_000 });
    const tookMs = Math.round(performance.now() - since);
    note(`${absent.length} users of the frozen gateway were reported as left after ${tookMs} ms`);
    if (tookMs > LEFT_WITHIN_MS) complain(`users of a frozen gateway stayed active for ${tookMs} ms`);
    const [one] = absent;
    if (one === undefined) throw new Error('no member is on the second gateway');
    const back = new Member(here, system.token(one.subject), one.who, one.chatId, one.subject);
    try {
      await waitFor(() => back.isJoined, { what: 'a user to come back on the other gateway' });
      await sleep(Math.max(0, FROZEN_MS - (performance.now() - since)));
      await kill(scene, 'gateway-2', 'SIGCONT');
      await untilServing(scene, BACK_WITHIN_MS.process);
      await load.untilJoined();
    } finally {
      back.close();
    }
    // What they sent into the frozen gateway gets its reply after the thaw.
    await sleep(REPLY_WITHIN_MS);
    for (const member of absent) member.slowReplies.length = 0;
  },
};

export const frozenFaults: readonly Fault[] = [
  oneFrozen('message-service', true),
  oneFrozen('presence-service'),
  oneFrozen('chat-service'),
  natsNode,
  gateway,
];
