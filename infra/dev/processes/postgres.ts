import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LaunchError, plainEnvironment, type Command } from './command.ts';
import { isRecord } from '../json.ts';
import { postgresBinaries } from './postgres-binaries.ts';

const run = promisify(execFile);
const nobody = 65534;
const isRoot = (): boolean => process.getuid?.() === 0;

export interface Cluster {
  folder: string;
  port: number;
  /** For tests only: trades durability in a crash of the machine for speed. */
  throwaway?: boolean;
}

/** Creates a cluster with scram-sha-256 logins only. Does nothing if the folder already holds one. */
export async function initCluster({ folder, throwaway }: Cluster, superuserPassword: string): Promise<void> {
  if (existsSync(join(folder, 'PG_VERSION'))) return;
  // Creates it beside the target and renames it when complete, so that a killed attempt leaves no partial
  // cluster.
  const making = `${folder}.making-${String(process.pid)}`;
  mkdirSync(making, { recursive: true, mode: 0o700 });
  const passwordFile = `${making}.password`;
  writeFileSync(passwordFile, superuserPassword, { mode: 0o600 });
  if (isRoot()) for (const path of [making, passwordFile]) chownSync(path, nobody, nobody);
  const { file, args, env } = asServerUser(postgresBinaries().initdb, [
    ...['--pgdata', making, '--username', 'postgres', '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
    ...['--encoding', 'UTF8', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8', '--locale', 'C'],
    ...(throwaway ? ['--no-sync'] : []),
  ]);
  try {
    await run(file, args, { env, cwd: '/' });
    renameSync(making, folder);
  } catch (error) {
    throw new LaunchError(`Creating the data folder of Postgres failed: ${stderrOf(error)}`);
  } finally {
    for (const path of [making, passwordFile]) rmSync(path, { recursive: true, force: true });
  }
}

/** Runs the server in the foreground. The pid is the postmaster's, also with setpriv, which calls exec. */
export function postgresCommand({ folder, port, throwaway }: Cluster): Command {
  const settings = [
    ...[
      'listen_addresses=127.0.0.1',
      `port=${String(port)}`,
      'unix_socket_directories=',
      'max_connections=200',
    ],
    ...(throwaway
      ? [
          'fsync=off',
          'synchronous_commit=off',
          'full_page_writes=off',
          'max_wal_size=4GB',
          'checkpoint_timeout=1h',
        ]
      : []),
  ];
  return asServerUser(postgresBinaries().postgres, [
    '-D',
    folder,
    ...settings.flatMap((setting) => ['-c', setting]),
  ]);
}

/**
 * Postgres refuses to run as root, and another user cannot reach a folder below root's private ones (as in a
 * container, or under `mktemp -d`). As root, this therefore runs it as user `nobody`, with the one capability
 * to pass through folders.
 */
export function asServerUser(file: string, args: string[]): Command {
  const env = plainEnvironment();
  if (!isRoot()) return { file, args, env };
  const only = '-all,+dac_override';
  return {
    file: 'setpriv',
    args: [
      ...[`--reuid=${String(nobody)}`, `--regid=${String(nobody)}`, '--clear-groups'],
      ...[
        `--inh-caps=${only}`,
        `--ambient-caps=${only}`,
        `--bounding-set=${only}`,
        '--securebits=+no_setuid_fixup',
      ],
      ...[file, ...args],
    ],
    env,
  };
}

const stderrOf = (error: unknown): string =>
  isRecord(error) && typeof error['stderr'] === 'string' ? error['stderr'].trim() : String(error);
