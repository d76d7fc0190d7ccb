/**
 * `npm run bench`: measures speed as ratios of one run, since other work on the machine changes absolute
 * figures.
 */
import { parseArgs } from 'node:util';
import { settingNow } from './machine.ts';
import { isMet, type Outcome } from './outcome.ts';
import { quick } from './quick.ts';
import { report } from './report.ts';
import { saveResults } from './results.ts';
import { scenarios } from './scenarios/index.ts';
import type { Effort } from './scenarios/scenario.ts';

const usage = `npm run bench -- [options]

  --list              print the scenarios and exit
  --only send,join    run scenarios whose name contains one of these
  --rounds 5          rounds per scenario
  --quick             run two minutes of send; fail when its CPU is far too high. Saves nothing
  telemetry           measure the cost of telemetry

Results are saved in infra/lab/bench/results. Linux only: the bench reads CPU from /proc. A full run takes about 45 minutes.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false, short: 'h' },
  },
});
const filters = values.only?.split(',') ?? [''];
const chosen = scenarios.filter(({ name }) => filters.some((part) => name.includes(part)));
const rounds = Number(values.rounds);
const log = (line: string): void => {
  console.log(`    ${line}`);
};

if (values.help) console.log(usage);
else if (values.list)
  for (const { name, minutes } of chosen) console.log(`${name} (about ${String(minutes)} min)`);
else if (process.platform !== 'linux') fail('bench: CPU is read from /proc; run the bench on Linux');
else if (positionals[0] === 'telemetry') await import('./telemetry.ts');
else if (positionals.length > 0 || chosen.length === 0 || !(rounds >= 1)) fail(usage);
else if (values.quick) await runQuick();
else await runAll({ rounds, warmUpMs: 3_000, measuredMs: 8_000, log });

async function runAll(effort: Effort): Promise<void> {
  const setting = settingNow();
  for (const [index, scenario] of chosen.entries()) {
    console.log(
      `${String(index + 1)}/${String(chosen.length)} ${scenario.name} (about ${String(scenario.minutes)} min) …`,
    );
    const result = { ...(await scenario.run(effort)), setting };
    saveResults([result]);
    console.log(`\n${report([result]).split('\n## ')[1] ?? ''}`);
    printGoals(result);
  }
}

async function runQuick(): Promise<void> {
  const { outcome, limit } = await quick(log);
  printGoals(outcome);
  if (!outcome.goals.every(isMet))
    fail(
      `bench: a send used more than ${String(limit)} times the CPU of the naive server; run npm run bench -- --only send for details`,
    );
}

function printGoals({ goals }: Outcome): void {
  for (const goal of goals) {
    const ratios = goal.ratios.map((ratio) => ratio.toFixed(2)).join(', ');
    console.log(
      `${isMet(goal) ? '✓' : '✗'} ${goal.name}: ${ratios} (${goal.atLeast === undefined ? `at most ${String(goal.atMost)}` : `at least ${String(goal.atLeast)}`})`,
    );
  }
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
