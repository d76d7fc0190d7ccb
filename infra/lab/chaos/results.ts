import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { faults } from './faults/index.ts';
import { report } from './report.ts';
import { Result } from './result.ts';

const resultsFile = join(import.meta.dirname, 'results.json');
const reportFile = join(import.meta.dirname, 'report.md');

/** Replaces earlier results of the same faults and writes the report again. */
export function keep(results: readonly Result[]): void {
  const all = new Map([...read(), ...results].map((result) => [result.fault, result]));
  const inOrder = faults.flatMap(({ name }) => all.get(name) ?? []);
  writeFileSync(resultsFile, `${JSON.stringify(inOrder, undefined, 1)}\n`);
  writeFileSync(reportFile, report(inOrder));
}

function read(): Result[] {
  return existsSync(resultsFile) ? z.array(Result).parse(JSON.parse(readFileSync(resultsFile, 'utf8'))) : [];
}
