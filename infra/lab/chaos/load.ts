import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestSystem, TokenSubject } from '../../test/helpers/index.ts';
import { closeDuringSends } from './closing.ts';
import { conclude, type Closing, type Operation } from './history.ts';
import { openChat } from './http.ts';
import { Member } from './member.ts';
import type { Random } from './random.ts';

export interface LoadOptions {
  readonly chats: number;
  readonly sendsPerSecond: number;
  /** Sockets that come and go. */
  readonly churners: number;
}

export const usualLoad: LoadOptions = { chats: 20, sendsPerSecond: 100, churners: 4 };

const RETRY_AFTER_MS = 150;
const RETRY_FOR_MS = 90_000;

/** Members of many chats who send during a fault; keyed sends are retried with the same key. */
export class Load {
  readonly operations: Operation[] = [];
  readonly members: Member[] = [];
  readonly closings: Closing[] = [];
  readonly #system: TestSystem;
  readonly #random: Random;
  readonly #options: LoadOptions;
  readonly #underWay = new Set<Promise<void>>();
  readonly #others: Promise<void>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  #isResting = false;
  #isOver = false;

  private constructor(system: TestSystem, random: Random, options: LoadOptions) {
    this.#system = system;
    this.#random = random;
    this.#options = options;
  }

  /** Opens chats, each with a client on one gateway and an admin on another, and joins all of them. */
  static async prepare(system: TestSystem, random: Random, options: LoadOptions = usualLoad): Promise<Load> {
    const load = new Load(system, random, options);
    try {
      for (let n = 1; n <= options.chats; n++) {
        const client: TokenSubject = { id: n, role: 'client', email: `client${n}@example.com` };
        const chatId = await openChat(system.url, system.token(client));
        load.#admit(chatId, client, n);
        load.#admit(chatId, { id: 1000 + n, role: 'admin', email: `admin${n}@example.com` }, n + 1);
      }
      await load.untilJoined();
    } catch (error) {
      load.close();
      throw error;
    }
    return load;
  }

  get chatIds(): string[] {
    return [...new Set(this.members.map((member) => member.chatId))];
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (!this.#isResting) this.#sendOne();
    }, 1_000 / this.#options.sendsPerSecond);
    this.#isRunning = true;
    for (let n = 0; n < this.#options.churners; n++) this.#others.push(this.#churn(5_000 + n));
    this.#others.push(this.#closeChats());
  }

  /** Pauses all activity while `work` runs; members stay joined. */
  async rest(work: () => Promise<void>): Promise<void> {
    this.#isResting = true;
    await Promise.all(this.#underWay);
    await work();
    this.#isResting = false;
  }

  /** Starts no new sends; resolves once each send, churner and closing has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#isRunning = false;
    await Promise.all([...this.#underWay, ...this.#others]);
  }

  async untilJoined(timeoutMs = 60_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!this.members.every((member) => member.isJoined)) {
      if (performance.now() > deadline)
        throw new Error(`${this.members.filter((member) => !member.isJoined).length} members did not rejoin`);
      await sleep(50);
    }
  }

  /** Disconnects all members at once, even during a send. */
  close(): void {
    clearInterval(this.#timer);
    this.#isRunning = false;
    this.#isOver = true;
    for (const member of this.members) member.close();
  }

  #admit(chatId: string, subject: TokenSubject, n: number): void {
    const url = this.#system.urls[n % this.#system.urls.length] ?? this.#system.url;
    this.members.push(new Member(url, this.#system.token(subject), subject.email ?? '', chatId, subject));
  }

  #sendOne(): void {
    const member = this.#random.pick(this.members);
    const isKeyed = this.#random.next() < 0.5;
    const send = this.#send(member, isKeyed).finally(() => {
      this.#underWay.delete(send);
    });
    this.#underWay.add(send);
  }

  /** Retries a keyed send until its outcome is known; tries another send once, and only when connected. */
  async #send(member: Member, isKeyed: boolean): Promise<void> {
    if (!isKeyed && !member.socket.connected) return;
    const text = randomUUID();
    const operation: Operation = {
      chatId: member.chatId,
      senderId: member.subject.id,
      text,
      invokedAt: performance.now(),
      outcome: 'pending',
      attempts: 0,
    };
    this.operations.push(operation);
    const message = isKeyed ? { text, clientMessageId: text } : { text };
    const deadline = performance.now() + RETRY_FOR_MS;
    do {
      operation.attempts += 1;
      const reply = await member.request('sendMessage', { chatId: member.chatId, message });
      if (conclude(operation, reply) || !isKeyed) return;
      await sleep(RETRY_AFTER_MS);
    } while (!this.#isOver && performance.now() < deadline);
  }

  async #churn(id: number): Promise<void> {
    while (await this.#continues()) {
      const chatId = this.#random.pick(this.chatIds);
      const subject: TokenSubject = { id, role: 'admin', email: `churner${id}@example.com` };
      const url = this.#random.pick(this.#system.urls);
      const member = new Member(url, this.#system.token(subject), subject.email ?? '', chatId, subject);
      await sleep(200 + this.#random.below(1_500));
      if (this.#random.next() < 0.5) member.close();
      else member.socket.io.engine.close();
      member.close();
    }
  }

  /** Closes one chat after the other until the load stops. */
  async #closeChats(): Promise<void> {
    const admins = this.members.filter(({ subject }) => subject.role === 'admin');
    while (await this.#continues()) {
      const writers = [this.#random.pick(admins), this.#random.pick(admins)];
      const closing = await closeDuringSends(this.#system, writers, this.operations, this.#random);
      if (closing !== undefined) this.closings.push(closing);
      await sleep(200);
    }
  }

  async #continues(): Promise<boolean> {
    while (this.#isRunning && this.#isResting) await sleep(50);
    return this.#isRunning;
  }
}
