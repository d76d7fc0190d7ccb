import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { startSystem, WITHOUT_WEBHOOKS, type TestSystem } from '../testing/index.ts';
import { check } from './checker.ts';
import { withDatabase } from './database.ts';
import { checkEvents, readLogs } from './events.ts';
import type { Fault } from './fault.ts';
import type { Evidence, Operation, Seen, View } from './history.ts';
import { leaks, type Inventory } from './leaks.ts';
import { Load } from './load.ts';
import type { Member } from './member.ts';
import { NotHere } from './not-here.ts';
import { Random } from './random.ts';
import { Site } from './site.ts';

export interface Verdict {
  readonly fault: string;
  readonly seed: number;
  /** Why this machine could not be given the fault. */
  readonly notHere?: string;
  readonly complaints: readonly string[];
  readonly notes: readonly string[];
  /** The longest that it took until all was well. */
  readonly recoveryMs?: number;
  readonly sends: { readonly ok: number; readonly fail: number; readonly info: number };
}

const REPLICAS = 'gateway=2,message-service=2';
const CALM_BEFORE_MS = 2_000;
const CALM_AFTER_MS = 1_000;
/** Everything must be true by this long after the healing, and be let go of by this long after everybody has left. */
const TRUE_WITHIN_MS = 10_000;
const ActiveUsers = z.object({ userIds: z.array(z.number()) });
const NOTHING_SENT = { ok: 0, fail: 0, info: 0 };

/** One fault under load, on a system of its own, and what became of the promises. */
export async function run(fault: Fault, seed: number): Promise<Verdict> {
  const trial = { fault: fault.name, seed };
  try {
    const site = await Site.lay({ replicas: REPLICAS, ...fault });
    try {
      return { ...trial, ...await strike(fault, seed, site) };
    } finally {
      await site.close();
    }
  } catch (error) {
    if (error instanceof NotHere) return { ...trial, notHere: error.message, complaints: [], notes: [], sends: NOTHING_SENT };
    return { ...trial, complaints: [String(error)], notes: [], sends: NOTHING_SENT };
  }
}

async function strike(fault: Fault, seed: number, site: Site): Promise<Omit<Verdict, 'fault' | 'seed'>> {
  const begin = performance.now();
  const notes: string[] = [];
  const complaints: string[] = [];
  const note = (line: string) => { notes.push(`${((performance.now() - begin) / 1_000).toFixed(1)} s: ${line}`); };
  const complain = (line: string) => { complaints.push(line); };
  let recoveryMs: number | undefined;
  const recovered = (tookMs: number) => { recoveryMs = Math.max(recoveryMs ?? 0, tookMs); };
  const { dataDir, variables } = site;
  const system = await startSystem({ dataDir, keep: true, replicas: fault.replicas ?? REPLICAS, only: WITHOUT_WEBHOOKS, env: { LOG_LEVEL: 'error', FAILPOINTS: fault.failpoints ?? '', ...variables } });
  let load: Load | undefined;
  try {
    const random = new Random(seed);
    const before = await site.inventory();
    const prepared = load = await Load.prepare(system, random);
    const { members } = prepared;
    load.start();
    await sleep(CALM_BEFORE_MS);
    await fault.strike({ system, load, random, site, note, complain, recovered });
    await sleep(CALM_AFTER_MS);
    await load.stop();
    await load.untilJoined(TRUE_WITHIN_MS);
    for (const [name, deaths] of deathsIn(system.log)) note(`${name} died ${deaths} times`);
    for (const line of unexpectedIn(system.log)) note(line);
    complaints.push(...await untilNone(async () => check(await gather(system, prepared, fault))), ...slowAnswers(members), ...refusals(members), ...reconnections(members, fault.maxConnections));
    const { witness } = site;
    if (witness !== undefined) complaints.push(...await untilNone(async () => checkEvents(await readLogs(system), witness.events)));
    if (fault.events === true) note(witness === undefined ? 'without RabbitMQ: no integration events were watched' : `${witness.events.length} integration events were heard`);
    note(`${load.closings.length} chats were closed under the hands of their writers`);
    load.close();
    complaints.push(...await untilNone(() => leftBehind(system, site, before)));
  } catch (error) {
    complain(String(error));
  } finally {
    load?.close();
    await system.stop();
  }
  return { complaints, notes, recoveryMs, sends: count(load) };
}

/** What is still wrong when the time is up; none as soon as nothing is. */
async function untilNone(find: () => Promise<string[]>): Promise<string[]> {
  const deadline = performance.now() + TRUE_WITHIN_MS;
  for (;;) {
    const complaints = await find();
    if (complaints.length === 0 || performance.now() > deadline) return complaints;
    await sleep(250);
  }
}

async function gather(system: TestSystem, { members, operations, closings, chatIds }: Load, { losesLease }: Fault): Promise<Evidence> {
  const stored = await storedMessages(system);
  const views: View[] = members.map(({ who, chatId, seen }) => ({ who, chatId, seen }));
  const activeUsers = await Promise.all(chatIds.map(async (chatId) => {
    const here = members.filter((member) => member.chatId === chatId);
    const answer = await here[0]?.ask('getActiveUsers', chatId);
    const found = ActiveUsers.safeParse(answer?.data).data?.userIds ?? [];
    return { chatId, expected: here.map(({ subject }) => subject.id).toSorted((a, b) => a - b), found };
  }));
  const departures = losesLease === true ? [] : members.flatMap(({ who, chatId, departures: heard }) =>
    members.filter((other) => other.chatId === chatId && other.who !== who).map(({ subject, connections }) => (
      { who, userId: subject.id, told: heard.get(subject.id) ?? 0, true: connections - 1 })));
  return { operations, stored, views, closings, activeUsers, departures };
}

/** What processes and Postgres still hold once everybody has left. */
async function leftBehind(system: TestSystem, site: Site, before: Inventory): Promise<string[]> {
  const inTransaction = await withDatabase(system, async (client) => {
    const { rows } = await client.query<{ name: string }>(`SELECT application_name AS name FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'`);
    return rows.map(({ name }) => `${name} left a session of Postgres in a transaction`);
  });
  return [...inTransaction, ...leaks(before, await site.inventory())];
}

/** Of every chat, in the order of `seq`. */
async function storedMessages(system: TestSystem): Promise<Map<string, Seen[]>> {
  return withDatabase(system, async (client) => {
    const { rows } = await client.query<Seen & { chatId: string }>('SELECT chat_id AS "chatId", id, seq, text FROM message.message ORDER BY chat_id, seq');
    return Map.groupBy(rows, ({ chatId }) => chatId);
  });
}

/** What the launcher said of processes that it had to start again. */
function deathsIn(log: string): Map<string, number> {
  const deaths = new Map<string, number>();
  for (const [, name = ''] of readFileSync(log, 'utf8').matchAll(/^· (\S+) died /gm)) deaths.set(name, (deaths.get(name) ?? 0) + 1);
  return deaths;
}

/** What processes said of failures that nobody foresaw; each is answered INTERNAL, and none should be. */
function unexpectedIn(log: string): string[] {
  return [...new Set([...readFileSync(log, 'utf8').matchAll(/^\{"level":50.*"err":(\{.*\}).*"msg":"(a request failed unexpectedly|an event could not be handled)"/gm)].map(([, error = '']) => `unexpected: ${error.slice(0, 600)}`))];
}

const slowAnswers = (members: readonly Member[]): string[] =>
  members.flatMap(({ who, slowAnswers: slow }) => (slow.length === 0 ? [] : [`${who} waited ${Math.max(...slow)} ms for an answer (${slow.length} times more than 2 s)`]));

const refusals = (members: readonly Member[]): string[] =>
  members.flatMap((member) => member.refusals.map((code) => `${member.who} was refused, as ${code}`));

const reconnections = (members: readonly Member[], most = Number.POSITIVE_INFINITY): string[] =>
  members.flatMap(({ who, connections }) => (connections > most ? [`${who} had to connect ${connections} times`] : []));

function count({ operations }: { readonly operations: readonly Operation[] } = { operations: [] }): Verdict['sends'] {
  const of = (outcome: string) => operations.filter((operation) => operation.outcome === outcome).length;
  return { ok: of('ok'), fail: of('fail'), info: of('info') + of('pending') };
}
