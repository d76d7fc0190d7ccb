import { parseArgs } from 'node:util';
import { faults } from './faults/index.ts';
import { keep } from './results.ts';
import { run, type Verdict } from './trial.ts';

const usage = `npm run chaos -- [options]

  --list              the faults, and nothing else
  --only nats,gateway those whose name contains one of these
  --everyday          those that npm test runs
  --seed 42           the choices of an earlier run
  --report            keep what was seen in infra/chaos/report.md, beside what was seen of other faults before

The whole takes about forty minutes.`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' }, everyday: { type: 'boolean', default: false }, seed: { type: 'string' },
    report: { type: 'boolean', default: false }, list: { type: 'boolean', default: false }, help: { type: 'boolean', default: false, short: 'h' },
  },
});
const wanted = values.only?.split(',') ?? [''];
const chosen = faults.filter(({ name, everyday }) => wanted.some((part) => name.includes(part)) && (!values.everyday || everyday === true));
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));

if (values.help) console.log(usage);
else if (values.list) for (const { name } of chosen) console.log(name);
else if (chosen.length === 0) fail(`No fault is called that. See npm run chaos -- --list.`);
else {
  const verdicts = await runAll();
  const on = new Date().toISOString().slice(0, 10);
  if (values.report) keep(verdicts.map((verdict) => ({ on, ...verdict, complaints: [...verdict.complaints], notes: [...verdict.notes] })));
  const broken = verdicts.filter(({ complaints }) => complaints.length > 0);
  if (broken.length > 0) fail(`${broken.length} of ${verdicts.length} broken: ${broken.map(({ fault }) => fault).join('; ')}. The same choices again: --seed ${seed}`);
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
