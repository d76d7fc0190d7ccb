import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../dev/topology/paths.ts';
import { copyParts, typeErrors } from '../helpers/partial-copy.ts';
import { durableEvent } from './durable-event.ts';
import { apply, revert } from './edits.ts';

// What adding a durable event costs: the exercise is applied to a copy of the sources and compiled.

let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'switchboard-exercise-'));
  await copyParts(copy, ['shared', 'message-service'], ['test', 'docs']);
  for (const edit of durableEvent) await apply(copy, edit);
});
afterAll(() => rm(copy, { recursive: true, force: true }));

/** Incremental: the compiler checks only what changed since the last time. */
const compile = (): Promise<string> =>
  typeErrors(copy, '.', ['--incremental', '--tsBuildInfoFile', 'build.tsbuildinfo']);

describe('adding a durable event with a request', () => {
  it('touches at most 8 files, and none of the gateway', () => {
    const paths = durableEvent.map(({ path }) => path);
    expect(paths.length).toBeLessThanOrEqual(8);
    expect(paths.filter((path) => path.startsWith('gateway/'))).toEqual([]);
  });

  it('compiles with all of them', async () => {
    expect(await compile()).toBe('');
  }, 60_000);

  it.each(durableEvent.map((edit) => [edit.path, edit] as const))(
    'does not compile without %s',
    async (_path, edit) => {
      await revert(copy, root, edit);
      try {
        expect(await compile()).toMatch(/error TS\d+/);
      } finally {
        await apply(copy, edit);
      }
    },
    60_000,
  );
});
