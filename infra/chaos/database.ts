import { databaseUrl, withClient } from '../local/postgres-setup.ts';
import { readSecrets } from '../local/secrets.ts';
import type { TestSystem } from '../testing/index.ts';

/** Works on a system's own database, as its superuser and past every proxy. */
export async function withDatabase<Result>(system: TestSystem, work: Parameters<typeof withClient<Result>>[1]): Promise<Result> {
  const url = (await system.processes()).find(({ name }) => name === 'postgres')?.url ?? '';
  const password = readSecrets(system.dataDir)?.postgres.postgres ?? '';
  return withClient(databaseUrl('postgres', password, Number(new URL(url).port), 'switchboard'), work);
}
