/**
 * `npm run migrations:check`: fails when the previous version of a service could not continue during or after
 * a migration, and names each reason.
 */
import { laterMigrations, offencesIn } from './migrations.ts';

const offences: string[] = [];
for (const file of laterMigrations())
  for (const offence of await offencesIn(file)) offences.push(`${file}: ${offence}`);
if (offences.length === 0) {
  console.log('migrations: the previous versions continue');
} else {
  console.error(
    `migrations: the previous version of the service fails during or after these\n${offences.map((line) => `  ✗ ${line}`).join('\n')}\nExpand first and contract in a later release (infra/docs/adr/0025-schema-fit.md).`,
  );
  process.exitCode = 1;
}
