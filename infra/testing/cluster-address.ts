import { hasStrings, isRecord, parseJson } from '../local/json.ts';
import { postgresUsers, type PostgresPasswords } from '../local/names.ts';

/** How the workers of a test run find its Postgres: by one environment variable, as they share nothing else. */
export interface ClusterAddress {
  port: number;
  passwords: PostgresPasswords;
}

const variable = 'TEST_POSTGRES';

export function announceCluster({ port, passwords }: ClusterAddress): void {
  process.env[variable] = JSON.stringify({ port, passwords });
}

export function findCluster(): ClusterAddress {
  const address = parseJson(process.env[variable] ?? '');
  if (isRecord(address) && typeof address['port'] === 'number' && hasStrings(address['passwords'], postgresUsers)) {
    return { port: address['port'], passwords: address['passwords'] };
  }
  throw new Error('no test Postgres: run the tests with infra/testing/jest.config.mjs');
}
