import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { plot } from './plot.ts';
import { report } from './report.ts';
import { Result } from './result.ts';
import { scenarios } from './scenarios/index.ts';

const folder = join(import.meta.dirname, 'results');
const fileOf = (name: string): string => join(folder, name);

/** Replaces the stored results of the same scenarios, then rewrites the report and the plot. */
export function saveResults(results: readonly Result[]): void {
  const all = new Map([...read(), ...results].map((result) => [result.scenario, result]));
  const inOrder = scenarios.flatMap(({ name }) => all.get(name) ?? []);
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf('results.json'), `${JSON.stringify(inOrder, undefined, 1)}\n`);
  writeFileSync(fileOf('README.md'), report(inOrder));
  writeFileSync(
    fileOf('goals.svg'),
    plot(
      inOrder.flatMap(({ scenario, goals }) =>
        goals.map((goal) => ({ ...goal, name: `${scenario}: ${goal.name}` })),
      ),
    ),
  );
}

function read(): Result[] {
  try {
    return z.array(Result).parse(JSON.parse(readFileSync(fileOf('results.json'), 'utf8')));
  } catch {
    return [];
  }
}
