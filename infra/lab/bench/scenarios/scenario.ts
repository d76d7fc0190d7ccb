import type { Outcome } from '../outcome.ts';

export interface Effort {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** Prints a line of progress. */
  readonly log: (line: string) => void;
}

export interface Scenario {
  readonly name: string;
  /** Approximate duration at the default effort. */
  readonly minutes: number;
  readonly run: (effort: Effort) => Promise<Outcome>;
}
