import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Bus } from '@switchboard/shared/bus';
import { chatContracts, type Actor } from '@switchboard/shared/contracts';
import { connectRaw, silent, startNats, waitFor, type TestNats } from '@switchboard/infra/test';
import { Buses } from './buses.ts';
import { failureOf } from './failure-of.ts';

// Requests to several replicas, some of which are frozen. A frozen replica is a bare NATS client that keeps
// its subscriptions and neither replies nor announces itself.

const { getChat, openChat } = chatContracts;
const chatId = '0193a1b2-0000-7000-8000-000000000001';
const actor: Actor = { id: 7, email: 'a@b.c', role: 'client' };
const chatOf = (clientId: number) =>
  ({
    id: chatId,
    clientId,
    status: 'PENDING',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
  }) as const;

let nats: TestNats;
const buses = new Buses();
let gateway: Bus;
const bare: BareReplica[] = [];

beforeAll(async () => {
  nats = await startNats();
});
afterEach(async () => {
  await buses.close();
  await Promise.all(bare.splice(0).map((one) => one.close()));
});
afterAll(() => nats.stop());

/** A bare replica of chat-service that replies to nothing. */
class BareReplica {
  readonly name: string;
  /** The subjects of the requests that it received. */
  readonly received: string[] = [];
  readonly #nats: NatsConnection;
  #timer: NodeJS.Timeout | undefined;

  constructor(name: string, connection: NatsConnection) {
    this.name = name;
    this.#nats = connection;
  }

  static async join(name: string): Promise<BareReplica> {
    const replica = new BareReplica(name, await connectRaw(nats, 'chat-service'));
    bare.push(replica);
    replica.subscribe();
    await replica.#nats.flush();
    return replica;
  }

  subscribe(): void {
    const callback = (_: unknown, { subject }: { subject: string }): void => {
      this.received.push(subject);
    };
    for (const { subject } of [getChat, openChat]) {
      this.#nats.subscribe(subject, { queue: 'chat-service', callback });
      this.#nats.subscribe(`${subject}.${this.name}`, { callback });
    }
    this.#nats.subscribe(`replicas.chat.${this.name}`, { callback: () => undefined });
  }

  announce(): void {
    const publish = () => {
      this.#nats.publish('replicas.chat', JSON.stringify({ replica: this.name }));
    };
    publish();
    this.#timer = setInterval(publish, 200);
  }

  freeze(): void {
    clearInterval(this.#timer);
  }

  async close(): Promise<void> {
    this.freeze();
    await this.#nats.close();
  }
}

/** A replica that replies to each request and counts them. */
async function replica(): Promise<{ bus: Bus; calls: () => number; opened: () => number }> {
  const count = { get: 0, open: 0 };
  const replyTo = (name: 'get' | 'open') => () => {
    count[name] += 1;
    return Promise.resolve(chatOf(7));
  };
  const bus = await buses.connect(nats, 'chat-service');
  bus.serve({ getChat, openChat }, { getChat: replyTo('get'), openChat: replyTo('open') });
  await bus.flush();
  return { bus, calls: () => count.get + count.open, opened: () => count.open };
}

const get = (): Promise<unknown> => gateway.request(getChat, { chatId }, { actor });
const open = (): Promise<unknown> => gateway.request(openChat, {}, { actor });
/** The gateway knows the replicas: requests go to their own subjects. */
const untilKnown = (one: BareReplica): Promise<unknown> =>
  waitFor(
    async () => {
      void get().catch(() => undefined);
      await gateway.flush();
      return one.received.includes(`${getChat.subject}.${one.name}`);
    },
    { what: 'the gateway to know the replica', everyMs: 50 },
  );

/** The sends of this many requests, each in a NATS message of its own. */
const oneByOne = <Reply>(count: number, request: () => Promise<Reply>): Promise<Reply[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const reply = request();
      await gateway.flush();
      return reply;
    }),
  );

/** A gateway, and a bare replica that it knows. `beside`: starts other replicas first. */
async function knownReplica<Others>(
  beside: () => Promise<Others>,
): Promise<{ bare: BareReplica; others: Others }> {
  gateway = await buses.connect(nats, 'gateway');
  const one = await BareReplica.join('aaaa');
  one.announce();
  const others = await beside();
  await untilKnown(one);
  return { bare: one, others };
}
const alone = (): Promise<undefined> => Promise.resolve(undefined);

describe('one of two replicas freezes', () => {
  it('within a second requests go to the other alone, and idempotent ones that wait are replied to', async () => {
    const {
      bare: frozen,
      others: { calls },
    } = await knownReplica(replica);
    frozen.freeze();
    // Half of these wait at the frozen replica.
    expect(await oneByOne(10, get)).toHaveLength(10);
    const before = frozen.received.length;
    const called = calls();
    await Promise.all(Array.from({ length: 20 }, () => get()));
    await Promise.all(Array.from({ length: 20 }, () => open()));
    expect(frozen.received).toHaveLength(before);
    expect(calls()).toBe(called + 40);
  });

  it('a request that is not idempotent is not sent again: it may have been executed', async () => {
    const { bare: frozen } = await knownReplica(alone);
    frozen.freeze();
    const waits = failureOf(() => open());
    await gateway.flush();
    await waitFor(() => frozen.received.includes(`${openChat.subject}.aaaa`), { what: 'the request' });
    const { opened } = await replica();
    expect(await waits).toMatchObject({ code: 'TIMEOUT' });
    expect(opened()).toBe(0);
  });

  it('the thawed replica gets requests again', async () => {
    const { bare: frozen } = await knownReplica(replica);
    frozen.freeze();
    await get();
    await waitFor(
      async () => {
        const before = frozen.received.length;
        await Promise.all([get(), get(), get()]);
        return frozen.received.length === before;
      },
      { what: 'the lease to end' },
    );
    const before = frozen.received.length;
    frozen.announce();
    await waitFor(
      () => {
        void get().catch(() => undefined);
        return frozen.received.length > before;
      },
      { what: 'a request' },
    );
  });
});

describe('a replica that stood still', () => {
  it('does not execute what waited: the caller sends it again, idempotent or not, to a replica that executes it', async () => {
    gateway = await buses.connect(nats, 'gateway');
    const { opened } = await replica();
    await get();
    const now = performance.now.bind(performance);
    let stood = 0;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now() + stood);
    try {
      const waits = open();
      // Long enough for the replica to notice, and short for the caller, whose clock is the same here.
      stood = 1_100;
      expect(await waits).toEqual(chatOf(7));
    } finally {
      clock.mockRestore();
    }
    expect(opened()).toBe(1);
  });
});

describe('the only replica freezes', () => {
  it('requests fail at once after three seconds, with one log line, until it announces itself again', async () => {
    const error = jest.spyOn(silent, 'error');
    const { bare: frozen } = await knownReplica(alone);
    frozen.freeze();
    await waitFor(() => error.mock.calls.length > 0, { what: 'the log line' });
    const before = frozen.received.length;
    expect(await failureOf(get)).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(await failureOf(open)).toMatchObject({ code: 'UNAVAILABLE' });
    expect(frozen.received).toHaveLength(before);
    expect(error.mock.calls).toEqual([
      [
        { service: 'chat-service' },
        expect.stringMatching(/^replicas: every replica of the service is frozen/),
      ],
    ]);
    error.mockRestore();
    await replica();
    await waitFor(() => get(), { what: 'a reply of the next replica' });
  });

  it('a replica of the version before, which announces nothing, still gets the requests of the queue group', async () => {
    gateway = await buses.connect(nats, 'gateway');
    const older = await BareReplica.join('aaaa');
    void get().catch(() => undefined);
    await waitFor(() => older.received.includes(getChat.subject), { what: 'the request' });
  });
});

describe('a replica that ended', () => {
  it('costs no request, idempotent or not: what NATS could not deliver goes to another', async () => {
    const {
      bare: ended,
      others: { opened },
    } = await knownReplica(replica);
    await ended.close();
    await oneByOne(10, open);
    // Other requests of the test may still be on their way from the ended replica.
    expect(opened()).toBe(10);
  });

  it('is forgotten: its successor of the version before gets the requests', async () => {
    const { bare: ended } = await knownReplica(alone);
    await ended.close();
    const older = await BareReplica.join('bbbb');
    await waitFor(
      () => {
        void get().catch(() => undefined);
        return older.received.includes(getChat.subject);
      },
      { what: 'a request', everyMs: 50 },
    );
  });

  it('says that it leaves: requests go to the others at once, and what arrived is replied to', async () => {
    gateway = await buses.connect(nats, 'gateway');
    const [one, two] = [await replica(), await replica()];
    await waitFor(
      async () => {
        await get();
        return one.calls() > 0 && two.calls() > 0;
      },
      { what: 'both replicas to be known' },
    );
    const [replies] = await Promise.all([oneByOne(20, open), one.bus.close()]);
    expect(replies).toHaveLength(20);
    await Promise.all(Array.from({ length: 10 }, open));
  });
});
