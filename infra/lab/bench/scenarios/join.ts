import { setTimeout as sleep } from 'node:timers/promises';
import { inArena } from '../arena.ts';
import type { Contender } from '../contenders/contender.ts';
import { cpuOf, cpuSince } from '../cpu.ts';
import { Load } from '../load/load.ts';
import { Rounds } from '../outcome.ts';
import type { Scenario } from './scenario.ts';

const CHATS = 500;
const SOCKETS = 2 * CHATS;
/** Sockets that connect and join in parallel. */
const AT_ONCE = 200;
/** Time until the work after a join or a leave has ended. */
const SETTLED_MS = 1_500;

const CPU = 'CPU per join';

export const join: Scenario = {
  name: 'connect and join',
  minutes: 2,
  run: ({ rounds: count, log }) =>
    inArena(async ({ switchboard, bare, echo }) => {
      const rounds = new Rounds();
      const contenders: [Contender, Awaited<ReturnType<Contender['openChats']>>][] = [];
      for (const contender of [switchboard, bare, echo])
        contenders.push([contender, await contender.openChats(CHATS, 2)]);
      for (let round = 0; round <= count; round++) {
        for (const [contender, chats] of contenders) {
          log(
            round === 0
              ? `warm-up: ${contender.name}`
              : `round ${String(round)} of ${String(count)}: ${contender.name}`,
          );
          const load = new Load();
          const before = cpuOf(contender.processes);
          const startedAt = performance.now();
          await load.join(chats.flat(), AT_ONCE);
          const tookMs = performance.now() - startedAt;
          await sleep(SETTLED_MS);
          const cpuMs = cpuSince(contender.processes, before);
          await load.leave();
          await load.close();
          await sleep(SETTLED_MS);
          if (round === 0) continue;
          rounds.addCpu(contender.name, CPU, 'µs', cpuMs, (ms) => (ms * 1_000) / SOCKETS);
          rounds.add(contender.name, 'joins', '/s', (SOCKETS * 1_000) / tookMs);
        }
      }
      return {
        scenario: 'connect and join',
        about: `${String(SOCKETS)} sockets connect, ${String(AT_ONCE)} at once, and join 500 chats of two.`,
        figures: rounds.figures,
        goals: [
          { name: 'CPU per join, of echo', ratios: rounds.ratios(CPU, 'switchboard', 'echo'), atMost: 1.3 },
        ],
      };
    }),
};
