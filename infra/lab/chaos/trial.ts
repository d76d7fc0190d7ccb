import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { neverReached, startSystem, WITHOUT_WEBHOOKS, type TestSystem } from '../../test/helpers/index.ts';
import { check } from './checker.ts';
import { withDatabase } from '../../test/helpers/system-database.ts';
import { checkEvents, readLogs } from './events.ts';
import type { Fault } from './fault.ts';
import type { Evidence, Operation, Seen, View } from './history.ts';
import { deathsIn, unforeseenIn } from './launcher-log.ts';
import { leaks, uncounted, type Inventory } from './leaks.ts';
import { Load } from './load.ts';
import type { Member } from './member.ts';
import { NotHere } from './not-here.ts';
import { Random } from './random.ts';
import { Site } from './site.ts';

export interface Verdict {
  readonly fault: string;
  readonly seed: number;
  /** Why this machine could not host the fault. */
  readonly notHere?: string;
  readonly complaints: readonly string[];
  readonly notes: readonly string[];
  /** The longest recovery. */
  readonly recoveryMs?: number;
  readonly sends: { readonly ok: number; readonly fail: number; readonly info: number };
}

const REPLICAS = 'gateway=2,message-service=2';
const CALM_BEFORE_MS = 2_000;
const CALM_AFTER_MS = 1_000;
/**
 * Every promise must hold within this time after recovery. Every resource must be released within this time
 * after the last client left.
 */
const HOLDS_WITHIN_MS = 10_000;
const ActiveUsers = z.object({ userIds: z.array(z.number()) });
const NOTHING_SENT = { ok: 0, fail: 0, info: 0 };

/** Runs one fault under load on a system of its own, and checks every promise. */
export async function run(fault: Fault, seed: number): Promise<Verdict> {
  const trial = { fault: fault.name, seed };
  try {
    const site = await Site.lay({ replicas: REPLICAS, ...fault });
    try {
      return { ...trial, ...(await strike(fault, seed, site)) };
    } finally {
      await site.close();
    }
  } catch (error) {
    if (error instanceof NotHere)
      return { ...trial, notHere: error.message, complaints: [], notes: [], sends: NOTHING_SENT };
    return { ...trial, complaints: [String(error)], notes: [], sends: NOTHING_SENT };
  }
}

async function strike(fault: Fault, seed: number, site: Site): Promise<Omit<Verdict, 'fault' | 'seed'>> {
  const begin = performance.now();
  const notes: string[] = [];
  const complaints: string[] = [];
  const note = (line: string) => {
    notes.push(`${((performance.now() - begin) / 1_000).toFixed(1)} s: ${line}`);
  };
  const complain = (line: string) => {
    complaints.push(line);
  };
  let recoveryMs: number | undefined;
  const recovered = (tookMs: number) => {
    recoveryMs = Math.max(recoveryMs ?? 0, tookMs);
  };
  const { dataDir, variables } = site;
  const system = await startSystem({
    dataDir,
    keep: true,
    replicas: fault.replicas ?? REPLICAS,
    only: WITHOUT_WEBHOOKS,
    env: { LOG_LEVEL: 'error', ...variables },
  });
  let load: Load | undefined;
  try {
    const random = new Random(seed);
    const before = await site.inventory();
    const prepared = (load = await Load.prepare(system, random));
    const { members } = prepared;
    load.start();
    await sleep(CALM_BEFORE_MS);
    await fault.strike({ system, load, random, site, note, complain, recovered });
    await sleep(CALM_AFTER_MS);
    await load.stop();
    await load.untilJoined(HOLDS_WITHIN_MS);
    complaints.push(...uncounted(await site.inventory()));
    for (const [name, deaths] of Map.groupBy(deathsIn(system.log), ({ name }) => name))
      note(`${name} died ${deaths.length} times`);
    for (const line of unforeseenIn(system.log)) note(`unforeseen: ${line}`);
    complaints.push(...neverReached(fault.failpoints ?? '', readFileSync(system.log, 'utf8')));
    complaints.push(
      ...(await untilNone(async () => check(await gather(system, prepared, fault)))),
      ...slowReplies(members),
      ...refusals(members),
      ...reconnections(members, fault.maxConnections),
    );
    const { witness } = site;
    if (witness !== undefined)
      complaints.push(...(await untilNone(async () => checkEvents(await readLogs(system), witness.events))));
    if (fault.events === true)
      note(
        witness === undefined
          ? 'integration events were not checked: there is no RabbitMQ'
          : `${witness.events.length} integration events were received`,
      );
    note(`${load.closings.length} chats were closed while members sent to them`);
    load.close();
    complaints.push(...(await untilNone(() => leftBehind(system, site, before))));
  } catch (error) {
    complain(String(error));
  } finally {
    load?.close();
    await system.stop();
  }
  return { complaints, notes, recoveryMs, sends: count(load) };
}

/** Repeats the check until it finds no complaint; returns the last complaints at the deadline. */
async function untilNone(find: () => Promise<string[]>): Promise<string[]> {
  const deadline = performance.now() + HOLDS_WITHIN_MS;
  for (;;) {
    const complaints = await find();
    if (complaints.length === 0 || performance.now() > deadline) return complaints;
    await sleep(250);
  }
}

async function gather(
  system: TestSystem,
  { members, operations, closings, chatIds }: Load,
  { losesLease }: Fault,
): Promise<Evidence> {
  const stored = await storedMessages(system);
  const views: View[] = members.map(({ who, chatId, seen }) => ({ who, chatId, seen }));
  const activeUsers = await Promise.all(
    chatIds.map(async (chatId) => {
      const joined = members.filter((member) => member.chatId === chatId);
      const reply = await joined[0]?.request('getActiveUsers', chatId);
      const found = ActiveUsers.safeParse(reply?.data).data?.userIds ?? [];
      return { chatId, expected: joined.map(({ subject }) => subject.id).toSorted((a, b) => a - b), found };
    }),
  );
  const departures =
    losesLease === true
      ? undefined
      : members.flatMap(({ who, chatId, departures: received }) =>
          members
            .filter((other) => other.chatId === chatId && other.who !== who)
            .map(({ subject, connections }) => ({
              who,
              userId: subject.id,
              reported: received.get(subject.id) ?? 0,
              actual: connections - 1,
            })),
        );
  return { operations, stored, views, closings, activeUsers, departures };
}

/** What processes and Postgres still hold after the last client left. */
async function leftBehind(system: TestSystem, site: Site, before: Inventory): Promise<string[]> {
  const inTransaction = await withDatabase(system, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT application_name AS name FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'`,
    );
    return rows.map(({ name }) => `${name} left a session of Postgres in a transaction`);
  });
  return [...inTransaction, ...leaks(before, await site.inventory())];
}

/** Messages by chat, in the order of `seq`. */
async function storedMessages(system: TestSystem): Promise<Map<string, Seen[]>> {
  return withDatabase(system, async (client) => {
    const { rows } = await client.query<Seen & { chatId: string }>(
      'SELECT chat_id AS "chatId", id, seq, text FROM message.message ORDER BY chat_id, seq',
    );
    return Map.groupBy(rows, ({ chatId }) => chatId);
  });
}

const slowReplies = (members: readonly Member[]): string[] =>
  members.flatMap(({ who, slowReplies: slow }) =>
    slow.length === 0
      ? []
      : [`${who} waited ${Math.max(...slow)} ms for a reply (${slow.length} replies took more than 2 s)`],
  );

const refusals = (members: readonly Member[]): string[] =>
  members.flatMap((member) => member.refusals.map((code) => `${member.who} was refused with ${code}`));

const reconnections = (members: readonly Member[], most = Number.POSITIVE_INFINITY): string[] =>
  members.flatMap(({ who, connections }) =>
    connections > most ? [`${who} connected ${connections} times, limit ${most}`] : [],
  );

function count(
  { operations }: { readonly operations: readonly Operation[] } = { operations: [] },
): Verdict['sends'] {
  const of = (outcome: string) => operations.filter((operation) => operation.outcome === outcome).length;
  return { ok: of('ok'), fail: of('fail'), info: of('info') + of('pending') };
}
