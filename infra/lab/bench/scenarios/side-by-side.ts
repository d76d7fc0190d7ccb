import { inArena } from '../arena.ts';
import type { Contender } from '../contenders/contender.ts';
import { cpuOf, cpuSince } from '../cpu.ts';
import type { Pace, Sample } from '../load/crowd.ts';
import { Load } from '../load/load.ts';
import { Rounds, type Goal, type Outcome } from '../outcome.ts';
import type { Effort, Scenario } from './scenario.ts';

/** The load for each contender. */
export interface Traffic {
  readonly chats: number;
  readonly members: number;
  readonly pace: Pace;
  /** Number of members that send; all by default. */
  readonly senders?: number;
  /** The unit that CPU is divided by. */
  readonly per: 'send' | 'delivery';
  /** Runs before the warm-up: code that was never under load is slow. */
  readonly runUp?: Pace;
}

/** A load for all three contenders, and the goals for Switchboard's figures. */
interface Comparison extends Pick<Scenario, 'name' | 'minutes'>, Pick<Outcome, 'about'> {
  readonly traffic: Traffic;
  readonly goals: (rounds: Rounds) => Goal[];
}

export const compare = ({ name, minutes, about, traffic, goals }: Comparison): Scenario => ({
  name,
  minutes,
  run: async (effort) => {
    const rounds = await sideBySide(traffic, effort);
    return { scenario: name, about, figures: rounds.figures, goals: goals(rounds) };
  },
});

/** Measures the contenders one after the other; the order rotates each round. */
function sideBySide(traffic: Traffic, effort: Effort): Promise<Rounds> {
  return inArena(async ({ switchboard, bare, echo }) => {
    const rounds = new Rounds();
    for (let round = 0; round < effort.rounds; round++) {
      for (const contender of rotated([switchboard, bare, echo], round)) {
        effort.log(`round ${String(round + 1)} of ${String(effort.rounds)}: ${contender.name}`);
        record(rounds, contender.name, traffic, await measure(contender, traffic, effort));
      }
    }
    return rounds;
  });
}

/** A sample, and the CPU in ms that each process used for it. */
interface Measured {
  readonly sample: Sample;
  readonly cpuMs: ReadonlyMap<string, number>;
}

export async function measure(
  contender: Contender,
  { chats, members, pace, senders, runUp }: Traffic,
  { warmUpMs, measuredMs }: Effort,
): Promise<Measured> {
  const load = new Load();
  try {
    await load.join((await contender.openChats(chats, members)).flat());
    if (runUp !== undefined) {
      await load.send(runUp);
      await load.measure(warmUpMs);
      await load.drain();
    }
    await load.send(pace, senders);
    await load.measure(warmUpMs);
    const before = cpuOf(contender.processes);
    const sample = await load.measure(measuredMs);
    const cpuMs = cpuSince(contender.processes, before);
    await load.drain();
    await load.leave();
    return { sample, cpuMs };
  } finally {
    await load.close();
  }
}

export const SENDS = 'acknowledged sends';
export const DELIVERIES = 'deliveries';
export const cpuPer = (unit: Traffic['per']): string => `CPU per ${unit}`;

export function record(
  rounds: Rounds,
  of: string,
  { per }: Pick<Traffic, 'per'>,
  { sample, cpuMs }: Measured,
): void {
  const perSecond = (count: number): number => (count * 1_000) / sample.elapsedMs;
  rounds.add(of, SENDS, '/s', perSecond(sample.acknowledged));
  rounds.add(of, DELIVERIES, '/s', perSecond(sample.delivered));
  const microsEach = (ms: number): number =>
    (ms * 1_000) / (per === 'send' ? sample.acknowledged : sample.delivered);
  rounds.addCpu(of, cpuPer(per), 'µs', cpuMs, microsEach);
  for (const at of ['p50', 'p95', 'p99'] as const)
    rounds.add(of, `acknowledgement ${at}`, 'ms', sample.ack[at]);
  for (const at of ['p50', 'p95', 'p99'] as const)
    rounds.add(of, `delivery ${at}`, 'ms', sample.delivery[at]);
}

const rotated = <Item>(items: readonly Item[], by: number): Item[] => [
  ...items.slice(by % items.length),
  ...items.slice(0, by % items.length),
];
