import type { Outcome } from '../outcome.ts';

export interface Effort {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** Tells whoever waits how far it is. */
  readonly say: (line: string) => void;
}

export interface Scenario {
  readonly name: string;
  /** Roughly, at full effort. */
  readonly minutes: number;
  readonly run: (effort: Effort) => Promise<Outcome>;
}
