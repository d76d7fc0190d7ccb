import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createDatabase, silent, waitFor, type TestDatabase } from '@switchboard/infra/test';
import { Leadership } from '@switchboard/shared/postgres';

let database: TestDatabase;
let name: string;
const candidates: Leadership[] = [];

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(() => {
  name = randomUUID();
});
afterEach(() => Promise.all(candidates.splice(0).map((candidate) => candidate.stop())));
afterAll(() => database.drop());

const candidate = (): Leadership => {
  const created = new Leadership({ url: database.url('presence_service'), name, logger: silent });
  candidates.push(created);
  return created;
};
const leaders = (): number => candidates.filter(({ isHeld }) => isHeld).length;
/** The promise is two seconds; a machine that is busy with other tests may need longer. */
const soon = { timeoutMs: 6_000 };

describe('leadership', () => {
  it('is held by one replica, and by another once that one stops', async () => {
    const first = candidate();
    await waitFor(() => first.isHeld, { what: 'the first to lead' });
    const second = candidate();
    const other = new Leadership({
      url: database.url('presence_service'),
      name: randomUUID(),
      logger: silent,
    });
    await waitFor(() => other.isHeld, { what: 'another name to have a leader of its own' });
    await other.stop();
    expect(second.isHeld).toBe(false);
    await first.stop();
    expect(first.isHeld).toBe(false);
    await waitFor(() => second.isHeld, { what: 'the second to lead', ...soon });
  });

  it('is held again after its session was terminated', async () => {
    candidate();
    candidate();
    await waitFor(() => leaders() === 1, { what: 'one to lead' });
    const before = candidates.find(({ isHeld }) => isHeld);
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`,
      [`${name} leadership`],
    );
    await waitFor(() => before?.isHeld === false, { what: 'the leader to notice' });
    await waitFor(() => leaders() === 1, { what: 'one to lead again', ...soon });
  });

  it('passes from a stopped process to another', async () => {
    const frozen = spawn(
      process.execPath,
      [fileURLToPath(new URL('fixtures/lead.ts', import.meta.url)), database.url('presence_service'), name],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
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

  it('resolves untilHeld once held, and rejects it on abort', async () => {
    const first = candidate();
    await first.untilHeld(new AbortController().signal);
    const ending = new AbortController();
    const waiting = candidate().untilHeld(ending.signal);
    ending.abort();
    await expect(waiting).rejects.toThrow(/abort/);
  });
});
