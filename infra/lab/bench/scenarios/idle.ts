import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from '../../chaos/inspector.ts';
import { freePort } from '../../../test/helpers/index.ts';
import { startBaseline } from '../contenders/baseline.ts';
import type { Contender } from '../contenders/contender.ts';
import { Switchboard } from '../contenders/switchboard.ts';
import { cpuOf, cpuSince, residentBytesOf } from '../cpu.ts';
import { Load } from '../load/load.ts';
import { Rounds } from '../outcome.ts';
import type { Scenario } from './scenario.ts';

const SOCKETS = 5_000;
/** Each round starts new processes. */
const MAX_ROUNDS = 3;
/** Time until presence events of joins and leaves are delivered. */
const SETTLED_MS = 5_000;
const WATCHED_MS = 20_000;
const KIB = 1024;

const CPU = 'CPU, of one core';
const HEAP = 'heap per socket';
const RESIDENT = 'resident memory per socket';

export const idle: Scenario = {
  name: 'idle',
  minutes: 6,
  run: async ({ rounds: count, log }) => {
    const rounds = new Rounds();
    const inspector = await freePort();
    for (let round = 1; round <= Math.min(count, MAX_ROUNDS); round++)
      for (const start of [
        () => inspectedSystem(inspector),
        () => startBaseline(undefined, [`--inspect=127.0.0.1:${String(inspector)}`]),
      ]) {
        const contender = await start();
        log(`round ${String(round)}: ${contender.name}`);
        try {
          await watch(contender, inspector, rounds);
        } finally {
          await contender.stop();
        }
      }
    return {
      scenario: 'idle',
      about: `${String(SOCKETS)} sockets, joined to chats of two on one gateway, that neither send nor receive; memory after garbage collection.`,
      figures: rounds.figures,
      goals: [
        {
          name: 'resident memory per socket, of echo',
          ratios: rounds.ratios(RESIDENT, 'switchboard', 'echo'),
          atMost: 1.2,
        },
      ],
    };
  },
};

async function watch(contender: Contender, inspector: number, rounds: Rounds): Promise<void> {
  const load = new Load();
  try {
    const seats = (await contender.openChats(SOCKETS / 2, 2)).flat();
    // Joins and leaves once: memory that a process keeps, such as its young generation, belongs to no socket.
    await load.join(seats);
    await load.leave();
    await sleep(SETTLED_MS);
    const before = await memoryOf(contender, inspector);
    await load.join(seats);
    await sleep(SETTLED_MS);
    const cpuBefore = cpuOf(contender.processes);
    await sleep(WATCHED_MS);
    const cpuMs = cpuSince(contender.processes, cpuBefore);
    rounds.addCpu(contender.name, CPU, '%', cpuMs, (ms) => (ms * 100) / WATCHED_MS);
    const after = await memoryOf(contender, inspector);
    rounds.add(contender.name, HEAP, 'KiB', (after.heap - before.heap) / SOCKETS / KIB);
    rounds.add(contender.name, RESIDENT, 'KiB', (after.resident - before.resident) / SOCKETS / KIB);
    await load.leave();
  } finally {
    await load.close();
  }
}

async function memoryOf(
  { edgePid }: Contender,
  inspector: number,
): Promise<{ heap: number; resident: number }> {
  const { heapBytes } = await inspect(inspector);
  return { heap: heapBytes, resident: residentBytesOf(edgePid) };
}

async function inspectedSystem(inspector: number): Promise<Contender> {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-bench-'));
  const overrides = join(folder, 'overrides.json');
  writeFileSync(
    overrides,
    JSON.stringify({ gateway: { NODE_OPTIONS: `--inspect=127.0.0.1:${String(inspector)}` } }),
  );
  const system = await Switchboard.start({ env: { SWITCHBOARD_OVERRIDES: overrides } });
  rmSync(folder, { recursive: true });
  return system;
}
