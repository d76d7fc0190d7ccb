import type { Outcome } from './outcome.ts';
import { send } from './scenarios/send.ts';

/**
 * Limit for the CPU of a send, as a share of bare's. It is well above the measured cost: on a shared machine
 * only a gross regression may fail.
 */
const LIMIT = 0.9;

/** A short run of `send`. It checks one goal: the ratio that varies least between runs. */
export async function quick(
  log: (line: string) => void,
): Promise<{ readonly outcome: Outcome; readonly limit: number }> {
  const outcome = await send.run({ rounds: 3, warmUpMs: 2_000, measuredMs: 4_000, log });
  const goals = outcome.goals.flatMap((goal) =>
    goal.atMost === undefined ? [] : { ...goal, atMost: LIMIT },
  );
  if (goals.length === 0)
    throw new Error('bench: the scenario send has no goal with an upper bound; give it one');
  return { outcome: { ...outcome, goals }, limit: LIMIT };
}
