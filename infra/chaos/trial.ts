import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSystem, waitFor, type TestSystem } from '../testing/index.ts';
import { readProcesses } from '../testing/running.ts';
import { check } from './checker.ts';
import { withDatabase } from './database.ts';
import type { Fault } from './faults.ts';
import type { Evidence, Operation, Seen, View } from './history.ts';
import { Load } from './load.ts';
import type { Member } from './member.ts';
import { Proxy } from './proxy.ts';
import { Random } from './random.ts';

export interface Verdict {
  readonly fault: string;
  readonly seed: number;
  readonly complaints: readonly string[];
  readonly notes: readonly string[];
  readonly sends: { readonly ok: number; readonly fail: number; readonly info: number };
}

const CALM_BEFORE_MS = 2_000;
const CALM_AFTER_MS = 1_000;
/** Everything must be true by this long after the healing. */
const TRUE_WITHIN_MS = 10_000;

/** One fault under load, on a system of its own, and what became of the promises. */
export async function run(fault: Fault, seed: number): Promise<Verdict> {
  const notes: string[] = [];
  const begin = performance.now();
  const note = (line: string) => { notes.push(`${((performance.now() - begin) / 1_000).toFixed(1)} s: ${line}`); };
  const dataDir = mkdtempSync(join(tmpdir(), 'switchboard-chaos-'));
  const network = await Network.lay(dataDir, fault.network ?? []);
  const system = await startSystem({ dataDir, replicas: fault.replicas ?? 'gateway=2,message-service=2', env: { LOG_LEVEL: 'error', FAILPOINTS: fault.failpoints ?? '', ...network.variables } });
  let load: Load | undefined;
  try {
    const random = new Random(seed);
    load = await Load.prepare(system, random);
    load.start();
    await sleep(CALM_BEFORE_MS);
    await fault.strike({ system, load, random, proxies: network.proxies, note });
    await sleep(CALM_AFTER_MS);
    await load.stop();
    await load.untilJoined(TRUE_WITHIN_MS);
    for (const [name, deaths] of deathsIn(system.log)) note(`${name} died ${deaths} times`);
    const { members } = load;
    const complaints = await untilTrue(() => gather(system, members, load?.operations ?? []));
    return { fault: fault.name, seed, complaints: [...complaints, ...slowAnswers(members), ...reconnections(members, fault.maxConnections)], notes, sends: count(load) };
  } catch (error) {
    return { fault: fault.name, seed, complaints: [String(error)], notes, sends: count(load) };
  } finally {
    load?.close();
    await system.stop();
    await network.close();
  }
}

/** What is still wrong when the time is up; none as soon as nothing is. */
async function untilTrue(evidence: () => Promise<Evidence>): Promise<string[]> {
  const deadline = performance.now() + TRUE_WITHIN_MS;
  for (;;) {
    const complaints = check(await evidence());
    if (complaints.length === 0 || performance.now() > deadline) return complaints;
    await sleep(250);
  }
}

async function gather(system: TestSystem, members: readonly Member[], operations: readonly Operation[]): Promise<Evidence> {
  const chatIds = [...new Set(members.map((member) => member.chatId))];
  const stored = await storedMessages(system, chatIds);
  const views: View[] = members.map(({ who, chatId, seen }) => ({ who, chatId, seen }));
  const activeUsers = await Promise.all(chatIds.map(async (chatId) => {
    const here = members.filter((member) => member.chatId === chatId);
    const answer = await here[0]?.ask('getActiveUsers', chatId);
    const found = (answer?.data as { userIds?: number[] } | undefined)?.userIds ?? [];
    return { chatId, expected: here.map(({ subject }) => subject.id).toSorted((a, b) => a - b), found };
  }));
  return { operations, stored, views, activeUsers };
}

async function storedMessages(system: TestSystem, chatIds: readonly string[]): Promise<Map<string, Seen[]>> {
  return withDatabase(system, async (client) => {
    const { rows } = await client.query<Seen & { chatId: string }>('SELECT chat_id AS "chatId", id, seq, text FROM message.message ORDER BY chat_id, seq');
    return new Map(chatIds.map((chatId) => [chatId, rows.filter((row) => row.chatId === chatId)]));
  });
}

/** What the launcher said of processes that it had to start again. */
function deathsIn(log: string): Map<string, number> {
  const deaths = new Map<string, number>();
  for (const [, name = ''] of readFileSync(log, 'utf8').matchAll(/^· (\S+) died /gm)) deaths.set(name, (deaths.get(name) ?? 0) + 1);
  return deaths;
}

const slowAnswers = (members: readonly Member[]): string[] =>
  members.flatMap(({ who, slowAnswers: slow }) => (slow.length === 0 ? [] : [`${who} waited ${Math.max(...slow)} ms for an answer (${slow.length} times more than 2 s)`]));

const reconnections = (members: readonly Member[], most = Number.POSITIVE_INFINITY): string[] =>
  members.flatMap(({ who, connections }) => (connections > most ? [`${who} had to connect ${connections} times`] : []));

function count({ operations }: { readonly operations: readonly Operation[] } = { operations: [] }): Verdict['sends'] {
  const of = (outcome: string) => operations.filter((operation) => operation.outcome === outcome).length;
  return { ok: of('ok'), fail: of('fail'), info: of('info') + of('pending') };
}

/** Proxies between named processes and their servers. */
class Network {
  readonly proxies: ReadonlyMap<string, Proxy>;

  private constructor(proxies: ReadonlyMap<string, Proxy>) {
    this.proxies = proxies;
  }

  static async lay(dataDir: string, places: readonly string[]): Promise<Network> {
    const portOf = async (name: string) => {
      const server = await waitFor(async () => (await readProcesses(dataDir)).find((one) => one.name === name), { what: name });
      return Number(new URL(server.url ?? '').port);
    };
    const proxies = new Map<string, Proxy>();
    for (const place of places) proxies.set(place, await Proxy.listen(() => portOf(place.endsWith('.nats') ? 'nats' : 'postgres')));
    return new Network(proxies);
  }

  /** What makes the launcher send the processes through the proxies. */
  get variables(): Record<string, string> {
    return this.proxies.size === 0 ? {} : { SWITCHBOARD_DETOURS: [...this.proxies].map(([place, proxy]) => `${place}=${proxy.port}`).join(',') };
  }

  async close(): Promise<void> {
    for (const proxy of this.proxies.values()) await proxy.close();
  }
}
