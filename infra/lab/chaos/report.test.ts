import { expect, it } from '@jest/globals';
import { report } from './report.ts';
import type { Result } from './result.ts';

const result = (fault: string, changes: Partial<Result> = {}): Result => ({
  on: '2026-01-02',
  fault,
  seed: 7,
  complaints: [],
  notes: [`8.0 s: ${fault} struck`],
  sends: { ok: 100, fail: 2, info: 1 },
  ...changes,
});

it('lists the outcome and the notes of each fault', () => {
  const page = report([
    result('one', { recoveryMs: 1_234 }),
    result('two', { complaints: ['lost: a', 'lost: b'] }),
    result('three', { notHere: 'mounting takes root', notes: [] }),
  ]);
  expect(page).toContain('3 faults, 1 held, 1 broken, 1 not possible on this machine.');
  expect(page).toContain('| one | 2026-01-02 | 7 | 100 | 2 | 1 | 1.2 s | held |');
  expect(page).toContain('| two | 2026-01-02 | 7 | 100 | 2 | 1 |  | **broken**: lost: a; lost: b |');
  expect(page).toContain('| not here: mounting takes root |');
  expect(page).toContain('**one**\n\n- 8.0 s: one struck');
  expect(page).not.toContain('**three**');
});
