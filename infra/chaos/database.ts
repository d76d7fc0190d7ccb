import type { PostgresUser } from '../local/names.ts';
import { databaseUrl, withClient } from '../local/postgres-setup.ts';
import { readSecrets } from '../local/secrets.ts';
import type { TestSystem } from '../testing/index.ts';

/** Of a system's own database, past every proxy. */
export async function urlOf(system: TestSystem, user: PostgresUser): Promise<string> {
  const url = (await system.processes()).find(({ name }) => name === 'postgres')?.url ?? '';
  return databaseUrl(user, readSecrets(system.dataDir)?.postgres[user] ?? '', Number(new URL(url).port), 'switchboard');
}

/** Works on it as its superuser. */
export const withDatabase = async <Result>(system: TestSystem, work: Parameters<typeof withClient<Result>>[1]): Promise<Result> =>
  withClient(await urlOf(system, 'postgres'), work);
