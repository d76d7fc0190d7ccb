import { z } from 'zod';
import { total } from './cpu.ts';
import { median } from './statistics.ts';

/**
 * One figure: per contender or variant a value for each round. Values of one index were measured side by
 * side.
 */
export const Figure = z.object({
  name: z.string(),
  unit: z.string(),
  of: z.record(z.string(), z.array(z.number())),
});
export type Figure = z.output<typeof Figure>;

/** A ratio for each round, and its bound. */
export const Goal = z.object({
  name: z.string(),
  ratios: z.array(z.number()),
  atLeast: z.number().optional(),
  atMost: z.number().optional(),
});
export type Goal = z.output<typeof Goal>;

/** The outcome of a scenario. */
export const Outcome = z.object({
  scenario: z.string(),
  /** The load, in one sentence. */
  about: z.string(),
  figures: z.array(Figure),
  goals: z.array(Goal),
});
export type Outcome = z.output<typeof Outcome>;

export const isMet = ({
  ratios,
  atLeast = Number.NEGATIVE_INFINITY,
  atMost = Number.POSITIVE_INFINITY,
}: Goal): boolean => {
  const ratio = median(ratios);
  return ratio >= atLeast && ratio <= atMost;
};

/** Collects figures round by round. */
export class Rounds {
  readonly #figures = new Map<string, Figure>();

  add(of: string, name: string, unit: string, value: number): void {
    const figure = this.#figures.get(name) ?? { name, unit, of: {} };
    (figure.of[of] ??= []).push(value);
    this.#figures.set(name, figure);
  }

  /** Adds the CPU of all processes together, then of each. */
  addCpu(
    of: string,
    name: string,
    unit: string,
    cpuMs: ReadonlyMap<string, number>,
    inUnit: (ms: number) => number,
  ): void {
    this.add(of, name, unit, inUnit(total(cpuMs)));
    for (const [process, ms] of cpuMs) this.add(of, `${name}, ${process}`, unit, inUnit(ms));
  }

  get figures(): Figure[] {
    return [...this.#figures.values()];
  }

  /** Divides the figure of `one` by that of `other`, round by round. */
  ratios(name: string, one: string, other: string): number[] {
    const of = this.#figures.get(name)?.of;
    return (of?.[one] ?? []).map((value, round) => value / (of?.[other]?.[round] ?? Number.NaN));
  }
}
