import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@switchboard/infra/test';
import { plainEnvironment } from '../../../dev/processes/command.ts';
import { identify, isAlive } from '../../../dev/processes/process-identity.ts';
import { supervise, type Supervised } from '../../../dev/processes/supervisor.ts';

const running: Supervised[] = [];
const deaths: { how: string; delayMs: number }[] = [];
let unusable = 0;

function run(script: string, file = process.execPath): Supervised {
  const events = {
    started: () => undefined,
    died: (_: number | undefined, how: string, delayMs: number) => {
      deaths.push({ how, delayMs });
    },
    unusable: () => {
      unusable += 1;
    },
  };
  const one = supervise({ name: 'probe', file, args: ['-e', script], env: plainEnvironment() }, events);
  running.push(one);
  return one;
}

afterEach(() => {
  deaths.length = 0;
  unusable = 0;
  for (const one of running.splice(0)) {
    one.retire();
    if (one.pid !== undefined) process.kill(one.pid, 'SIGKILL');
  }
});

describe('a supervised program', () => {
  it('restarts within a second after a kill, with another pid', async () => {
    const one = run('setInterval(() => {}, 1000)');
    const first = one.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await waitFor(() => one.pid !== undefined && one.pid !== first, {
      what: 'a new process',
      timeoutMs: 1_000,
    });
    expect(deaths).toEqual([{ how: 'SIGKILL', delayMs: 0 }]);
  });

  it('restarts with growing delays while it keeps failing', async () => {
    run('process.exit(3)');
    await waitFor(() => deaths.length >= 3, { what: 'three deaths' });
    expect(deaths.slice(0, 3)).toEqual([0, 250, 500].map((delayMs) => ({ how: 'exit code 3', delayMs })));
  });

  it('does not restart after it reported an invalid configuration', async () => {
    const one = run('process.exit(78)');
    await waitFor(() => unusable > 0, { what: 'its report' });
    expect(one.pid).toBeUndefined();
    expect(deaths).toEqual([]);
  });

  it('counts a failed start as an exit', async () => {
    const one = run('', '/no/such/program');
    await waitFor(() => deaths.length >= 2, { what: 'two failures' });
    expect(one.pid).toBeUndefined();
  });

  it('does not restart after retire()', async () => {
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
