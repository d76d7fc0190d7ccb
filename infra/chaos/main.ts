import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { faults } from './faults.ts';
import { report } from './report.ts';
import { run, type Verdict } from './trial.ts';

// npm run chaos [-- --only nats,gateway] [--everyday] [--seed 42] [--list]

const { values } = parseArgs({
  options: { only: { type: 'string' }, everyday: { type: 'boolean', default: false }, seed: { type: 'string' }, list: { type: 'boolean', default: false } },
});
const wanted = values.only?.split(',') ?? [''];
const chosen = faults.filter(({ name, everyday }) => wanted.some((part) => name.includes(part)) && (!values.everyday || everyday === true));
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));

if (values.list) {
  for (const { name } of chosen) console.log(name);
} else {
  const verdicts: Verdict[] = [];
  for (const [index, fault] of chosen.entries()) {
    console.log(`${index + 1}/${chosen.length} ${fault.name} (seed ${seed}) …`);
    const verdict = await run(fault, seed);
    verdicts.push(verdict);
    console.log(`    ${verdict.complaints.length === 0 ? 'held' : `BROKEN\n      ${verdict.complaints.slice(0, 10).join('\n      ')}`}  (${verdict.sends.ok} acknowledged)\n    ${verdict.notes.join('\n    ')}`);
  }
  const file = join(import.meta.dirname, 'report.md');
  if (values.only === undefined && !values.everyday) writeFileSync(file, report(verdicts));
  process.exitCode = verdicts.every(({ complaints }) => complaints.length === 0) ? 0 : 1;
}
