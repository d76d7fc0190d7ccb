import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@switchboard/infra/test';
import { identify, isAlive } from '../../../dev/processes/process-identity.ts';
import { parseMortals } from '../../../dev/processes/reaper-line.ts';

const parentProgram = fileURLToPath(new URL('./fixtures/guarded-parent.ts', import.meta.url));

describe('the reaper', () => {
  it('ends the children of a parent that was killed, even those that ignore SIGTERM', async () => {
    const parent = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', parentProgram], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve) => {
      parent.stdout.once('data', (data: Buffer) => {
        resolve(data.toString());
      });
    });
    const children = line.trim().split(' ').map(Number).map(identify);
    expect(children.map(isAlive)).toEqual([true, true]);
    parent.kill('SIGKILL');
    await waitFor(() => !children.some(isAlive), { what: 'the children to be gone', timeoutMs: 10_000 });
  });

  it('ignores an incomplete list', () => {
    expect(parseMortals('[{"pid":12,"na')).toBeUndefined();
  });

  it('rejects a pid that means a process group', () => {
    const entry = { name: 'x', started: null, stage: 0, stopSignal: 'SIGTERM' };
    expect(parseMortals(JSON.stringify([-1, 0, 1, 1.5].map((pid) => ({ ...entry, pid }))))).toEqual([]);
  });

  it('distinguishes a process from a later one with the same pid', () => {
    const self = identify(process.pid);
    expect(isAlive(self)).toBe(true);
    expect(isAlive({ ...self, started: '1' })).toBe(process.platform !== 'linux');
  });
});
