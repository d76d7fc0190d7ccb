import { parseArgs } from 'node:util';
import { faults } from './faults/index.ts';
import { keep } from './results.ts';
import { run, type Verdict } from './trial.ts';

const usage = `npm run chaos -- [options]

  --list              print the names of the faults and exit
  --only nats,gateway run faults whose name contains one of these
  --everyday          run faults that CI runs
  --seed 42           repeat the random choices of an earlier run
  --report            save the results in infra/lab/chaos/report.md, beside earlier results of other faults

All faults take about forty minutes.`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    everyday: { type: 'boolean', default: false },
    seed: { type: 'string' },
    report: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false, short: 'h' },
  },
});
const wanted = values.only?.split(',') ?? [''];
const chosen = faults.filter(
  ({ name, everyday }) =>
    wanted.some((part) => name.includes(part)) && (!values.everyday || everyday === true),
);
const unknown = wanted.filter((part) => !chosen.some(({ name }) => name.includes(part)));
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));

if (values.help) console.log(usage);
else if (values.list) for (const { name } of chosen) console.log(name);
else if (unknown.length > 0)
  fail(`No selected fault has a name with ${unknown.join(' or ')}. See npm run chaos -- --list.`);
else {
  const verdicts = await runAll();
  const on = new Date().toISOString().slice(0, 10);
  if (values.report)
    keep(
      verdicts.map((verdict) => ({
        on,
        ...verdict,
        complaints: [...verdict.complaints],
        notes: [...verdict.notes],
      })),
    );
  if (verdicts.every(({ notHere }) => notHere !== undefined)) fail('No fault was possible on this machine.');
  const broken = verdicts.filter(({ complaints }) => complaints.length > 0);
  if (broken.length > 0)
    fail(
      `${broken.length} of ${verdicts.length} broken: ${broken.map(({ fault }) => fault).join('; ')}. To repeat the run: --seed ${seed}`,
    );
}

async function runAll(): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const [index, fault] of chosen.entries()) {
    console.log(`${index + 1}/${chosen.length} ${fault.name} (seed ${seed}) …`);
    const verdict = await run(fault, seed);
    verdicts.push(verdict);
    for (const line of [outcome(verdict), ...verdict.notes]) console.log(`    ${line}`);
  }
  return verdicts;
}

function outcome({ complaints, notHere, sends }: Verdict): string {
  if (notHere !== undefined) return `not possible here: ${notHere}`;
  if (complaints.length > 0) return `BROKEN\n      ${complaints.slice(0, 10).join('\n      ')}`;
  return `held (${sends.ok} acknowledged)`;
}

function fail(why: string): void {
  console.error(why);
  process.exitCode = 1;
}
