import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '../../test/helpers/index.ts';
import { costAt, plan, type Part, type UnitCosts } from './capacity.ts';
import { unitCosts } from './capacity-report.ts';
import { startBaseline } from './contenders/baseline.ts';
import type { Contender } from './contenders/contender.ts';
import { cpuOf, cpuSince, total } from './cpu.ts';
import { Load } from './load/load.ts';
import { isMet, Rounds, type Goal } from './outcome.ts';
import { plot } from './plot.ts';
import { report } from './report.ts';
import { median, quantile, spread } from './statistics.ts';

describe('statistics', () => {
  it('takes quantiles by rank, independent of the order of the values', () => {
    expect([quantile([3, 1, 2], 0), median([3, 1, 2]), quantile([3, 1, 2], 1)]).toEqual([1, 2, 3]);
    expect(
      quantile(
        Array.from({ length: 101 }, (_, n) => 100 - n),
        0.99,
      ),
    ).toBe(99);
    expect(spread([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5 });
    expect(median([])).toBeNaN();
  });

  it('divides the values of the same round', () => {
    const rounds = new Rounds();
    for (const [a, b] of [
      [2, 1],
      [9, 3],
      [1, 1],
    ]) {
      rounds.add('a', 'speed', '/s', a ?? 0);
      rounds.add('b', 'speed', '/s', b ?? 0);
    }
    expect(rounds.ratios('speed', 'a', 'b')).toEqual([2, 3, 1]);
    expect(rounds.figures).toEqual([{ name: 'speed', unit: '/s', of: { a: [2, 9, 1], b: [1, 3, 1] } }]);
  });

  it.each<[number[], Partial<Goal>, boolean]>([
    [[1, 2, 9], { atLeast: 2 }, true],
    [[1, 1.9, 9], { atLeast: 2 }, false],
    [[0.1, 0.5, 9], { atMost: 0.5 }, true],
    [[0.1, 0.51, 9], { atMost: 0.5 }, false],
    [[], { atMost: 1 }, false],
  ])('compares the median with the bound of a goal: %j %j', (ratios, limit, met) => {
    expect(isMet({ name: 'x', ratios, ...limit })).toBe(met);
  });
});

describe('CPU of processes', () => {
  let parent: ChildProcessByStdio<Writable, Readable, null> | undefined;
  // The child ends with its parent.
  afterEach(() => {
    parent?.kill('SIGKILL');
  });

  // Takes at least 100 ms of CPU, even on a small share of a core.
  const work = 'let n = 0; for (let i = 0; i < 3e8; i++) n += i % 7;';

  it('includes the CPU of children, both ended and running', async () => {
    const program = `const { spawnSync, spawn } = require('node:child_process');
      const tasks = {
        ended: () => { spawnSync(process.execPath, ['-e', ${JSON.stringify(work)}]); console.log('done'); },
        running: () => spawn(process.execPath, ['-e', ${JSON.stringify(`${work} console.log('burnt'); process.stdin.resume();`)}]).stdout.once('data', () => console.log('done')),
        end: () => process.exit(),
      };
      process.stdin.on('data', (task) => tasks[task]());
      console.log('ready');`;
    parent = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdin, stdout } = parent;
    await once(stdout, 'data');
    const roots = new Map([['parent', parent.pid ?? 0]]);
    const costOf = async (task: string): Promise<number> => {
      const before = cpuOf(roots);
      stdin.write(task);
      await once(stdout, 'data');
      return total(cpuSince(roots, before));
    };
    expect(await costOf('ended')).toBeGreaterThan(100);
    expect(await costOf('running')).toBeGreaterThan(100);
    stdin.write('end');
    await once(parent, 'exit');
    expect(() => cpuOf(roots)).toThrow('cpu: the process parent has exited');
  });
});

describe('a load', () => {
  let echo: Contender | undefined;
  let load: Load | undefined;
  afterEach(async () => {
    await load?.close();
    await echo?.stop();
  });

  it('counts acknowledgements and deliveries, and drains what is in flight', async () => {
    echo = await startBaseline();
    load = new Load();
    await load.join((await echo.openChats(2, 3)).flat());
    await load.send({ kind: 'closed', inFlight: 2 });
    const running = load;
    const sample = await waitFor(
      async () => {
        const current = await running.measure(100);
        return current.acknowledged > 50 ? current : undefined;
      },
      { what: 'fifty sends', timeoutMs: 20_000 },
    );
    await load.drain();
    // Each member receives each message; the difference is what was in flight at either end of the interval.
    expect(Math.abs(sample.delivered - 3 * sample.acknowledged)).toBeLessThanOrEqual(3 * 2 * 6);
    expect(sample.ack.p50).toBeGreaterThan(0);
    expect(sample.delivery.p99).toBeGreaterThanOrEqual(sample.delivery.p50);
    expect(await load.measure(50)).toMatchObject({ acknowledged: 0, delivered: 0 });
  });

  it('keeps its open pace, independent of replies', async () => {
    echo = await startBaseline();
    load = new Load();
    await load.join((await echo.openChats(1, 1)).flat());
    await load.send({ kind: 'open', perSecond: 200 });
    const { acknowledged, elapsedMs } = await load.measure(1_000);
    await load.drain();
    // A closed pace would reach thousands; after a pause of the machine the load catches up.
    expect((acknowledged * 1_000) / elapsedMs).toBeGreaterThan(20);
    expect((acknowledged * 1_000) / elapsedMs).toBeLessThan(600);
  });

  it('rejects when the server refuses the connection', async () => {
    load = new Load();
    await expect(load.join([{ url: 'http://127.0.0.1:1', auth: {}, chatId: 'x' }])).rejects.toThrow(
      'load generator: ',
    );
  });
});

describe('the capacity model', () => {
  const cost = { quiet: { perSecond: 100, micros: 1_000 }, busy: { perSecond: 10_000, micros: 10 } };
  const ofParts = <Value>(value: Value): Record<Part, Value> => ({
    gateway: value,
    'message-service': value,
    'presence-service': value,
    nats: value,
    postgres: value,
  });
  const costs: UnitCosts = {
    perSend: ofParts(cost),
    perJoin: ofParts(1_000),
    residentBytesPerSocket: 2 ** 15,
    storedBytesPerMessage: 1_024,
  };
  const workload = { sendsPerSocketPerMinute: 1, minutesPerVisit: 10 };

  it.each([
    [100, 1_000],
    [1_000, 100],
    [10_000, 10],
    [1, 1_000],
    [1_000_000, 10],
  ])('charges a send at %d a second with %d µs', (perSecond, micros) => {
    expect(costAt(cost, perSecond)).toBeCloseTo(micros, 6);
  });

  it('plans two replicas for few sockets, and gateways by memory for many', () => {
    expect(plan({ ...workload, sockets: 600 }, costs)).toMatchObject({
      sendsPerSecond: 10,
      joinsPerSecond: 1,
      processes: { gateway: 2, 'message-service': 2, 'presence-service': 2 },
      gatewaysFor: 'availability',
    });
    expect(plan({ ...workload, sockets: 480_000 }, costs)).toMatchObject({
      processes: { gateway: 10 },
      gatewaysFor: 'memory',
    });
  });

  it('plans at most half a core per process', () => {
    for (const sockets of [10_000, 100_000, 1_000_000, 5_000_000]) {
      const { processes, cores } = plan({ ...workload, sockets }, costs);
      for (const part of ['gateway', 'message-service', 'presence-service'] as const)
        expect(cores[part] / processes[part]).toBeLessThanOrEqual(0.5);
    }
  });

  it('returns no unit costs while an outcome is missing', () => {
    expect(unitCosts([])).toBeUndefined();
  });
});

describe('a report', () => {
  const setting = { on: '2026-01-02', commit: 'abcdef', machine: '2 cores' };
  const goals: Goal[] = [
    { name: 'sends, of bare', ratios: [1.5, 1.7, 1.8], atLeast: 1.6 },
    { name: 'CPU & all, of bare', ratios: [0.7], atMost: 0.65 },
  ];
  const result = {
    scenario: 'send',
    about: 'As fast as it goes.',
    figures: [{ name: 'CPU per send', unit: 'µs', of: { switchboard: [90, 95, 100.4], bare: [180] } }],
    goals,
    setting,
  };

  it('contains each figure, its setting and whether each goal is reached', () => {
    const text = report([result]);
    expect(text).toContain('| send | sends, of bare | ≥ 1.6 × | 1.70 × (1.50–1.80) | reached |');
    expect(text).toContain('| send | CPU & all, of bare | ≤ 0.65 × | 0.70 × | **not reached** |');
    expect(text).toContain('| CPU per send | 95.0 µs (90.0–100) | 180 µs |');
    expect(text).toContain('2026-01-02, commit abcdef; 2 cores.');
  });

  it('draws a bar for each goal', () => {
    const svg = plot(goals);
    expect(svg.match(/<rect x=/g)).toHaveLength(2);
    expect(svg).toContain('CPU &amp; all, of bare');
    expect(svg).toContain('1.70 × (≥ 1.6 ×)');
  });
});
