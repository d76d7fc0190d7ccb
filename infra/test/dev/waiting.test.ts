import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, waitFor } from '@switchboard/infra/test';
import { startLauncher, type LauncherRun } from './run-launcher.ts';

let folder: string;
let run: LauncherRun | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchboard-waiting-'));
});
afterEach(async () => {
  run?.interrupt();
  await run?.ended;
  rmSync(folder, { recursive: true });
});

const start = async (env: Record<string, string>): Promise<LauncherRun> => {
  run = startLauncher({
    args: ['--only', 'gateway'],
    env: { DATA_DIR: folder, PORT: String(await freePort()), ...env },
  });
  return run;
};

it('shows what a program waits for and why, and claims no readiness when it is stopped', async () => {
  const { output, interrupt, ended } = await start({ NATS_URL: 'nats://gateway:geheim@127.0.0.1:1' });
  await waitFor(() => output().includes('waiting for NATS: '), { what: 'the reason', timeoutMs: 25_000 });
  expect(output()).toMatch(
    /"servers":"127\.0\.0\.1:1","since":"[^"]+","login":"user gateway","msg":"[^"]*ECONNREFUSED/,
  );
  expect(output()).not.toContain('geheim');
  interrupt();
  expect(await ended).toBe(0);
  expect(output()).toContain('· stopped');
  expect(output()).not.toMatch(/ready in|is up/);
});

it('ends when a program reports an invalid configuration after its start', async () => {
  const overrides = join(folder, 'overrides.json');
  writeFileSync(overrides, JSON.stringify({ gateway: { STAND_IN_EXIT_CODE: '78' } }));
  const { output, ended } = await start({
    NATS_URL: 'nats://127.0.0.1:1',
    SWITCHBOARD_PROGRAMS: fileURLToPath(new URL('./fixtures/programs', import.meta.url)),
    SWITCHBOARD_OVERRIDES: overrides,
  });
  expect(await ended).toBe(1);
  expect(output()).toContain('gateway cannot use its configuration: the reason is above.');
  expect(output()).not.toMatch(/ready in|is up|starting it again/);
});
