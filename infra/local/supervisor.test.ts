import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@switchboard/infra/testing';
import { plainEnvironment } from './command.ts';
import { identify, isAlive } from './process-identity.ts';
import { supervise, type Supervised } from './supervisor.ts';

const running: Supervised[] = [];
const deaths: { how: string; delayMs: number }[] = [];

function run(script: string, file = process.execPath): Supervised {
  const events = {
    started: () => undefined,
    died: (_: number | undefined, how: string, delayMs: number) => {
      deaths.push({ how, delayMs });
    },
  };
  const one = supervise({ name: 'probe', file, args: ['-e', script], env: plainEnvironment() }, events);
  running.push(one);
  return one;
}

afterEach(() => {
  deaths.length = 0;
  for (const one of running.splice(0)) {
    one.retire();
    if (one.pid !== undefined) process.kill(one.pid, 'SIGKILL');
  }
});

describe('a supervised program', () => {
  it('is back within a second of being killed, with another pid', async () => {
    const one = run('setInterval(() => {}, 1000)');
    const first = one.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await waitFor(() => one.pid !== undefined && one.pid !== first, { what: 'a new process', timeoutMs: 1_000 });
    expect(deaths).toEqual([{ how: 'SIGKILL', delayMs: 0 }]);
  });

  it('is started ever more slowly while it keeps failing', async () => {
    run('process.exit(3)');
    await waitFor(() => deaths.length >= 3, { what: 'three deaths' });
    expect(deaths.slice(0, 3)).toEqual([0, 250, 500].map((delayMs) => ({ how: 'exit code 3', delayMs })));
  });

  it('counts as dead where it cannot be started at all', async () => {
    const one = run('', '/no/such/program');
    await waitFor(() => deaths.length >= 2, { what: 'two failures' });
    expect(one.pid).toBeUndefined();
  });

  it('stays dead once nobody is responsible for it', async () => {
    const one = run('setInterval(() => {}, 1000)');
    const id = identify(one.pid ?? 0);
    one.retire();
    process.kill(id.pid, 'SIGKILL');
    await waitFor(() => !isAlive(id), { what: 'its end' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(one.pid).toBeUndefined();
    expect(deaths).toEqual([]);
  });
});
