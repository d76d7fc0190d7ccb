import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createDatabase, silent, waitFor, type TestDatabase } from '@switchboard/infra/testing';
import { Leadership } from '@switchboard/shared/postgres';

let database: TestDatabase;
let name: string;
const candidates: Leadership[] = [];

beforeAll(async () => { database = await createDatabase(); });
beforeEach(() => { name = randomUUID(); });
afterEach(() => Promise.all(candidates.splice(0).map((candidate) => candidate.stop())));
afterAll(() => database.drop());

const candidate = (): Leadership => {
  const created = new Leadership({ url: database.url('presence_service'), name, logger: silent });
  candidates.push(created);
  return created;
};
const leaders = (): number => candidates.filter(({ isHeld }) => isHeld).length;
/** Two seconds are promised; a machine that is busy with other tests may take longer. */
const soon = { timeoutMs: 6_000 };

describe('leadership', () => {
  it('is one replica\'s, and another\'s once that one stops', async () => {
    const first = candidate();
    await waitFor(() => first.isHeld, { what: 'the first to lead' });
    const second = candidate();
    const other = new Leadership({ url: database.url('presence_service'), name: randomUUID(), logger: silent });
    await waitFor(() => other.isHeld, { what: 'another name to have a leader of its own' });
    await other.stop();
    expect(second.isHeld).toBe(false);
    await first.stop();
    expect(first.isHeld).toBe(false);
    await waitFor(() => second.isHeld, { what: 'the second to lead', ...soon });
  });

  it('is won anew when its session is ended', async () => {
    candidate();
    candidate();
    await waitFor(() => leaders() === 1, { what: 'one to lead' });
    const before = candidates.find(({ isHeld }) => isHeld);
    await database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`, [`${name} leadership`]);
    await waitFor(() => before?.isHeld === false, { what: 'the leader to notice' });
    await waitFor(() => leaders() === 1, { what: 'one to lead again', ...soon });
  });

  it('passes from a process that stands still', async () => {
    const frozen = spawn(process.execPath, [fileURLToPath(new URL('fixtures/lead.ts', import.meta.url)), database.url('presence_service'), name], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      await once(frozen.stdout, 'data');
      const second = candidate();
      frozen.kill('SIGSTOP');
      await waitFor(() => second.isHeld, { what: 'the other to lead', ...soon });
    } finally {
      frozen.kill('SIGKILL');
      await once(frozen, 'exit');
    }
  });

  it('is waited for until it is held, or nobody waits any more', async () => {
    const first = candidate();
    await first.untilHeld(new AbortController().signal);
    const ending = new AbortController();
    const waiting = candidate().untilHeld(ending.signal);
    ending.abort();
    await expect(waiting).rejects.toThrow(/abort/);
  });
});
