import { expect, it } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOf } from '../../dev/environment.ts';
import { newSecrets } from '../../dev/secrets.ts';
import { folderOf, programNames, type ProgramName } from '../../dev/topology/names.ts';
import { root } from '../../dev/topology/paths.ts';

// infra/docs/configuration.md against the zod schemas, read as text: infra imports no service's sources.

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

const keysIn = (source: string): string[] =>
  [...source.matchAll(/(?:^\s*|[{,]\s*)([A-Z][A-Z0-9_]{2,}):/gm)].map(([, key = '']) => key);

/** The blocks of keys that several programs share, by the name under which a program spreads them. */
const sharedBlocks = new Map(
  globSync('shared/src/**/config.ts', { cwd: root })
    .flatMap((file) => [...textOf(file).matchAll(/^export const (\w+Config) = \{\n(.*?)^\}/gms)])
    .map(([, name = '', block = '']) => [name, keysIn(block)]),
);

const telemetryKeys = keysIn(textOf('shared/src/runtime/otel/config.ts'));

function keysOf(program: ProgramName): Set<string> {
  const source = textOf(join(folderOf(program), 'src/config.ts'));
  const spread = [...source.matchAll(/\.\.\.(\w+Config)\b/g)].flatMap(([, name = '']) => {
    const keys = sharedBlocks.get(name);
    if (keys === undefined)
      throw new Error(`${program} spreads ${name}, which no config.ts in shared exports`);
    return keys;
  });
  return new Set([...keysIn(source), ...spread, ...telemetryKeys]);
}

/** The rows of the tables: a variable, and the programs that read it. */
const rows = [...textOf('infra/docs/configuration.md').matchAll(/^\| (`.+?) +\| ([^|]+?) +\|/gm)].flatMap(
  ([, variables = '', programs = '']) =>
    [...variables.matchAll(/`(\w+)`/g)].map(([, variable = '']) => ({
      variable,
      programs: programs === 'all' ? [...programNames] : programs.split(', '),
    })),
);

it.each(programNames)('documents exactly the variables of %s', (program) => {
  const documented = rows.filter(({ programs }) => programs.includes(program));
  expect(documented.map(({ variable }) => variable).sort()).toEqual([...keysOf(program)].sort());
});

it.each(programNames)(
  '%s receives its variables under npm start, but for the documented exceptions',
  (program) => {
    const own = [...keysOf(program)].filter(
      (name) => !['HOST', 'INTERNAL_HOST', 'INTERNAL_PORT', 'PORT', 'SERVICE_INSTANCE'].includes(name),
    );
    const env = Object.fromEntries(own.map((name) => [name, `/given/${name}`]));
    const received = environmentOf(
      program,
      program,
      { internalPort: 1, port: undefined },
      {
        env,
        folder: '/data',
        secrets: newSecrets(),
        jwtSecret: env['JWT_SECRET'],
        firstPort: 1,
        natsPort: undefined,
        postgresPort: undefined,
      },
    );
    expect(received).toMatchObject(env);
  },
);

it('documents each variable once, for programs that exist', () => {
  const variables = rows.map(({ variable }) => variable);
  expect(variables.filter((variable, index) => variables.indexOf(variable) !== index)).toEqual([]);
  const known = new Set<string>([...programNames, 'npm start']);
  expect(rows.flatMap(({ programs }) => programs).filter((program) => !known.has(program))).toEqual([]);
});

it('finds every config.ts', () => {
  const read = [
    ...programNames.map((program) => join(folderOf(program), 'src/config.ts')),
    'shared/src/amqp/config.ts',
    'shared/src/runtime/config.ts',
    'shared/src/runtime/otel/config.ts',
  ];
  const found = globSync('{*,infra/*}/src/**/config.ts', {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  });
  expect(found.sort()).toEqual(read.sort());
});
