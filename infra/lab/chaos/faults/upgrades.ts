import { setTimeout as sleep } from 'node:timers/promises';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { ProgramName } from '../../../dev/topology/names.ts';
import { isReady } from '../../../dev/processes/readiness.ts';
import { waitFor } from '../../../test/helpers/index.ts';
import { urlOf, withDatabase } from '../../../test/helpers/system-database.ts';
import { restart, type Fault, type Scene } from '../fault.ts';
import type { Version } from '../versions.ts';

const PROGRAMS = [
  'chat-service',
  'presence-service',
  'message-service',
  'gateway',
] as const satisfies readonly ProgramName[];
/** Lets failures show that come only after a while. */
const CALM_MS = 500;

/** Restarts replica by replica. An upgrade runs its migrations first; a rollback reverts no migration. */
async function deploy(scene: Scene, program: ProgramName, version: Version): Promise<void> {
  const { system, site, note } = scene;
  const { versions } = site;
  if (versions === undefined) throw new Error('this site has one version only');
  note(`${program}: the ${version} version`);
  const processes = await system.processes();
  if (version === 'current') await versions.migrate(program, system);
  versions.use(program, version);
  for (const { name, url = '' } of processes.filter(
    (one) => one.name === program || one.name.startsWith(`${program}-`),
  )) {
    await restart(scene, name, 'SIGTERM');
    await waitFor(() => isReady(url), { what: `${name} to be ready`, timeoutMs: 20_000 });
  }
  await sleep(CALM_MS);
}

/** N and N−1 work together: each service can be upgraded or rolled back without the others. */
const eachAlone: Fault = {
  name: 'each service upgraded and rolled back, alone among the previous ones, then among the current ones',
  versions: true,
  events: true,
  maxConnections: 6,
  strike: async (scene) => {
    scene.note(`previous: ${scene.site.versions?.previous ?? ''}`);
    for (const program of PROGRAMS)
      for (const version of ['current', 'previous'] as const) await deploy(scene, program, version);
    for (const program of PROGRAMS) await deploy(scene, program, 'current');
    for (const program of PROGRAMS)
      for (const version of ['previous', 'current'] as const) await deploy(scene, program, version);
  },
};

class Topic1900000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE message.message ADD COLUMN topic text; ALTER TABLE message.chat_log ADD COLUMN topic text',
    );
  }

  async down(): Promise<void> {
    // Not needed: the system ends with the trial.
  }
}

/** Postgres grants table locks in order: a migration that waits for a report makes each send wait too. */
const changedWhileRead: Fault = {
  name: 'the tables of message-service changed under load, while a report reads them for 5 s',
  strike: async ({ system, load, note, complain }) => {
    const before = load.operations.length;
    const migrator = createDataSource({
      url: await urlOf(system, 'message_migrator'),
      schema: 'message',
      applicationName: 'migration',
      entities: [],
      migrations: [Topic1900000000000],
    });
    await withDatabase(system, async (report) => {
      await report.query('BEGIN; SELECT count(*) FROM message.message');
      const migrated = migrate(migrator, 'message', note);
      await sleep(5_000);
      await report.query('COMMIT');
      note(`migrations run: ${(await migrated).join()}`);
    });
    const retried = load.operations
      .slice(before)
      .filter(
        ({ attempts, outcome, code }) =>
          attempts > 1 || (outcome !== 'ok' && outcome !== 'pending' && code !== 'CHAT_CLOSED'),
      );
    if (retried.length > 0) complain(`${retried.length} sends were not acknowledged at the first try`);
  },
};

export const upgradeFaults: readonly Fault[] = [eachAlone, changedWhileRead];
