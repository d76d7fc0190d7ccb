import { startBaseline } from './contenders/baseline.ts';
import type { Contender } from './contenders/contender.ts';
import { Switchboard } from './contenders/switchboard.ts';

/** The three contenders, running together; `bare` shares Switchboard's Postgres. */
export interface Arena {
  readonly switchboard: Switchboard;
  readonly bare: Contender;
  readonly echo: Contender;
}

/** Runs `work` in a new arena, then stops its contenders. */
export async function inArena<Result>(work: (arena: Arena) => Promise<Result>): Promise<Result> {
  const started: Contender[] = [];
  const start = async <Started extends Contender>(starting: Promise<Started>): Promise<Started> => {
    const contender = await starting;
    started.unshift(contender);
    return contender;
  };
  try {
    const switchboard = await start(Switchboard.start());
    const bare = await start(startBaseline(await switchboard.storeForBare()));
    const echo = await start(startBaseline());
    return await work({ switchboard, bare, echo });
  } finally {
    for (const contender of started) await contender.stop();
  }
}
