/** `npm run bench`: how fast, as ratios of one run, since a machine is only as fast as its neighbours let it be. */
import { parseArgs } from 'node:util';
import { settingNow } from './machine.ts';
import { isMet, type Outcome } from './outcome.ts';
import { quick } from './quick.ts';
import { report } from './report.ts';
import { keep } from './results.ts';
import { scenarios } from './scenarios/index.ts';
import type { Effort } from './scenarios/scenario.ts';

const usage = `npm run bench -- [options]

  --list              the scenarios, and nothing else
  --only send,join    those whose name contains one of these
  --rounds 5          how often each is measured
  --quick             two minutes; fails when a send costs far more than it should. Keeps nothing
  telemetry           what telemetry costs

Results are kept in infra/bench/results. Linux only: costs are read from /proc. The whole takes about three quarters of an hour.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false }, only: { type: 'string' }, rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false, short: 'h' },
  },
});
const wanted = values.only?.split(',') ?? [''];
const chosen = scenarios.filter(({ name }) => wanted.some((part) => name.includes(part)));
const rounds = Number(values.rounds);
const say = (line: string): void => { console.log(`    ${line}`); };

if (values.help) console.log(usage);
else if (values.list) for (const { name, minutes } of chosen) console.log(`${name} (about ${String(minutes)} min)`);
else if (process.platform !== 'linux') fail('What a process costs is read from /proc: the bench runs on Linux only.');
else if (positionals[0] === 'telemetry') await import('./telemetry.ts');
else if (positionals.length > 0 || chosen.length === 0 || !(rounds >= 1)) fail(usage);
else if (values.quick) await runQuick();
else await runAll({ rounds, warmUpMs: 3_000, measuredMs: 8_000, say });

async function runAll(effort: Effort): Promise<void> {
  const setting = settingNow();
  for (const [index, scenario] of chosen.entries()) {
    console.log(`${String(index + 1)}/${String(chosen.length)} ${scenario.name} (about ${String(scenario.minutes)} min) …`);
    const result = { ...await scenario.run(effort), setting };
    keep([result]);
    console.log(`\n${report([result]).split('\n## ')[1] ?? ''}`);
    tell(result);
  }
}

async function runQuick(): Promise<void> {
  const { outcome, limit } = await quick(say);
  tell(outcome);
  if (!outcome.goals.every(isMet)) fail(`A send costs more than ${String(limit)} times what it costs the naive server. What made it so? npm run bench -- --only send`);
}

function tell({ goals }: Outcome): void {
  for (const goal of goals) {
    const ratios = goal.ratios.map((ratio) => ratio.toFixed(2)).join(', ');
    console.log(`${isMet(goal) ? '✓' : '✗'} ${goal.name}: ${ratios} (${goal.atLeast === undefined ? `at most ${String(goal.atMost)}` : `at least ${String(goal.atLeast)}`})`);
  }
}

function fail(why: string): void {
  console.error(why);
  process.exitCode = 1;
}
