import type { Outcome } from './outcome.ts';
import { send } from './scenarios/send.ts';

/** What a send may cost, of bare: well above what it does, so that only a gross mistake is caught on a machine that others use too. */
const LIMIT = 0.9;

/** The load of `send`, in short. Its only goal is the steadiest figure there is. */
export async function quick(say: (line: string) => void): Promise<{ readonly outcome: Outcome; readonly limit: number }> {
  const outcome = await send.run({ rounds: 3, warmUpMs: 2_000, measuredMs: 4_000, say });
  const goals = outcome.goals.flatMap((goal) => (goal.atMost === undefined ? [] : { ...goal, atMost: LIMIT }));
  return { outcome: { ...outcome, goals }, limit: LIMIT };
}
