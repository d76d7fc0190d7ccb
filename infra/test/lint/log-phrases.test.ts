import { expect, it } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../dev/topology/paths.ts';

// Docs quote log messages as `"…"`. People grep for them, so the source must contain each one.

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

const quoted = globSync('infra/docs/**/*.md', { cwd: root }).flatMap((file) =>
  [...textOf(file).matchAll(/`"([^`"]+)"`/g)].map(([, phrase = '']) => [file, phrase] as const),
);

const sources = globSync('{*,infra/webhook-service}/src/**/*.ts', { cwd: root }).map(textOf).join('\n');

it('finds phrases in the docs', () => {
  expect(quoted.length).toBeGreaterThan(5);
});

it.each(quoted)('%s quotes "%s" as the source has it', (_file, phrase) => {
  expect(sources).toContain(phrase);
});
