import { hasStrings, isRecord, parseJson } from '../../dev/json.ts';
import { postgresUsers, type PostgresPasswords } from '../../dev/topology/names.ts';

/** The address of a test run's Postgres. Its workers receive it in an environment variable. */
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
  if (
    isRecord(address) &&
    typeof address['port'] === 'number' &&
    hasStrings(address['passwords'], postgresUsers)
  ) {
    return { port: address['port'], passwords: address['passwords'] };
  }
  throw new Error('no test Postgres: run jest with --config infra/test/helpers/jest.config.mjs');
}
