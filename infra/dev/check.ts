import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  folderProblem,
  mistakesOf,
  readProcessConfig,
  type Configuration,
} from '@switchboard/shared/runtime';
import { z } from 'zod';
import { environmentOf, natsLogin, type Surroundings } from './environment.ts';
import { isRecord } from './json.ts';
import { LaunchError } from './processes/command.ts';
import { isProgram } from './processes/on-path.ts';
import { foreignOwner } from './processes/owners.ts';
import { newSecrets, readSecrets } from './secrets.ts';
import { dataFolder, firstPort, givenJwtSecret, gatewayPorts, signingSecret } from './settings.ts';
import { folderOf, type ProgramName } from './topology/names.ts';
import { root } from './topology/paths.ts';
import { isForbidden } from './topology/ports.ts';
import { instancesOf } from './topology/programs.ts';

/**
 * Checks all settings of the launcher and of the programs that it starts. Changes nothing. Throws a
 * LaunchError that lists every mistake, by variable.
 */
export async function checkSettings(
  env: NodeJS.ProcessEnv,
  replicas: ReadonlyMap<ProgramName, number>,
  before: readonly string[] = [],
): Promise<void> {
  const folder = dataFolder(env);
  const inFolder = folderMistakes(folder);
  const found = [
    ...before,
    ...inFolder,
    ...(await portMistakes(env, replicas.get('gateway') ?? 0)),
    ...sentencesOf(() => givenJwtSecret(env)),
    ...natsMistakes(env),
    // The default of FILES_DIR lies in the folder, whose own mistake is enough.
    ...(await programMistakes(env, inFolder.length > 0 ? undefined : folder, replicas)),
  ];
  // Several programs read one variable: each has one line.
  const byVariable = new Map<string, string>();
  for (const line of found) {
    const variable = /^\w+/.exec(line)?.[0] ?? line;
    if (!byVariable.has(variable)) byVariable.set(variable, line);
  }
  if (byVariable.size === 0) return;
  throw new LaunchError(
    `The configuration is invalid; nothing was started:\n${[...byVariable.values()].map((line) => `  ${line}`).join('\n')}\nSee infra/docs/configuration.md.`,
  );
}

function folderMistakes(folder: string): string[] {
  const why = foreignOwner(folder) ?? folderProblem(folder);
  return why === undefined
    ? sentencesOf(() => readSecrets(folder))
    : [`DATA_DIR: ${folder} cannot be used: ${why}`];
}

async function portMistakes(env: NodeJS.ProcessEnv, gateways: number): Promise<string[]> {
  const invalid = sentencesOf(() => gatewayPorts(env, gateways));
  if (invalid.length > 0) return invalid;
  for (const port of gatewayPorts(env, gateways)) if (await isForbidden(port)) return [forbiddenPort(port)];
  return [];
}

const forbiddenPort = (port: number): string =>
  `PORT: ${String(port)} needs the right to listen below 1024. Choose a higher one (PORT=${String(port + 8_000)} npm start), ` +
  `or allow it on Linux: sysctl net.ipv4.ip_unprivileged_port_start=${String(port)}`;

function natsMistakes(env: NodeJS.ProcessEnv): string[] {
  if (env['NATS_URL']) return [];
  const named = env['NATS_SERVER'] ?? '';
  const logins = Object.keys(env).filter((name) => natsLogin.test(name) && env[name] !== '');
  return [
    ...(named !== '' && !isProgram(named) ? [`NATS_SERVER: ${named} is not an executable file`] : []),
    ...logins.map((name) => `${name}: needs NATS_URL; npm start's own server makes its users itself`),
  ];
}

/**
 * Asks each program's own config.ts about the environment that the program will receive. `folder`: undefined
 * when it cannot be used.
 */
async function programMistakes(
  env: NodeJS.ProcessEnv,
  folder: string | undefined,
  replicas: ReadonlyMap<ProgramName, number>,
): Promise<readonly string[]> {
  const around = surroundingsOf(env, folder);
  const ports = { internalPort: 0, port: undefined };
  const found = instancesOf(replicas).map(async ({ program, instance }) => {
    const configuration = await configurationOf(program);
    const environment = environmentOf(program, instance, ports, around);
    return mistakesOf(() => readProcessConfig(configuration, environment));
  });
  return (await Promise.all(found)).flat();
}

/** As in a start, with secrets that no file holds yet and ports that none listens on. */
function surroundingsOf(env: NodeJS.ProcessEnv, folder: string | undefined): Surroundings {
  const secrets = (folder === undefined ? undefined : readSecrets(folder)) ?? newSecrets();
  return {
    env,
    folder: folder ?? tmpdir(),
    secrets,
    jwtSecret: isRefused(() => givenJwtSecret(env)) ? env['JWT_SECRET'] : signingSecret(env, secrets),
    firstPort: isRefused(() => firstPort(env)) ? 3_000 : firstPort(env),
    natsPort: env['NATS_URL'] ? undefined : 1,
    postgresPort: 1,
  };
}

/** Loaded by its path at run time, as the program will be: infra compiles against no program's sources. */
async function configurationOf(program: ProgramName): Promise<Configuration<z.ZodObject>> {
  const loaded: unknown = await import(join(root, folderOf(program), 'src/config.ts'));
  if (!isConfiguration(loaded)) throw new Error(`the config.ts of ${program} exports no Config`);
  return loaded;
}

const isConfiguration = (value: unknown): value is Configuration<z.ZodObject> =>
  isRecord(value) &&
  value['Config'] instanceof z.ZodObject &&
  ['undefined', 'function'].includes(typeof value['check']);

/** The sentence of a LaunchError; empty when there is none. */
function sentencesOf(read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof LaunchError) return [error.message];
    throw error;
  }
}

const isRefused = (read: () => unknown): boolean => sentencesOf(read).length > 0;
