/** `npm start`: starts the whole system on this machine. Each step below has a file of its own. */
import { join } from 'node:path';
import { makeFolder, mistakesOf } from '@switchboard/shared/runtime';
import { banner } from './banner.ts';
import { checkSettings } from './check.ts';
import { LaunchError } from './processes/command.ts';
import { endOnSignals } from './processes/ending.ts';
import type { Surroundings } from './environment.ts';
import { createFleet, endLeftovers, type Fleet } from './processes/fleet.ts';
import { startNats, startPostgres } from './processes/infrastructure.ts';
import { lock } from './processes/lock.ts';
import { databases, isService } from './topology/names.ts';
import { parseOptions, usage, type Options } from './options.ts';
import { isFree, keepPorts } from './topology/ports.ts';
import { instancesOf, migrate, startInstance, startTraces } from './topology/programs.ts';
import { untilReady } from './processes/readiness.ts';
import { readOrMakeSecrets } from './secrets.ts';
import { dataFolder, firstPort, gatewayPorts, signingSecret, withFiles } from './settings.ts';
import { noteSigner, signerOf } from './signing.ts';
import { say, step } from './terminal.ts';

try {
  await start();
} catch (error) {
  if (!(error instanceof LaunchError)) throw error;
  console.error(error.message);
  // Steps of the start may still be waiting.
  process.exit(1);
}

async function start(): Promise<void> {
  const inFiles = mistakesOf(() => withFiles(process.env));
  const env = inFiles.length > 0 ? process.env : withFiles(process.env);
  const options = parseOptions(process.argv.slice(2), env);
  if (options.help) {
    console.log(usage);
    return;
  }
  await checkSettings(env, options.replicas, inFiles);

  const folder = dataFolder(env);
  makeFolders(folder);
  const unlock = lock(folder);
  const fleet = createFleet(folder, say, (name) => {
    ending.because(`${name} cannot use its configuration: the reason is above. Correct it and start again.`);
  });
  const ending = endOnSignals(fleet, unlock);
  try {
    await endLeftovers(folder);
    await launch({ options, env, folder, fleet, stopped: ending.begun });
  } catch (error) {
    // A stop during the start makes its steps fail. That is not an error to report.
    if (ending.begun.aborted) return;
    await fleet.stop(5_000);
    unlock();
    throw error;
  }
}

interface Launch {
  options: Options;
  env: NodeJS.ProcessEnv;
  folder: string;
  fleet: Fleet;
  stopped: AbortSignal;
}

async function launch({ options, env, folder, fleet, stopped }: Launch): Promise<void> {
  const takenPorts = gatewayPorts(env, options.replicas.get('gateway') ?? 0);
  for (const port of takenPorts) await requireFree(port);
  const services = [...options.replicas.keys()].filter(isService);
  const ownPostgres = services.some((name) => !env[databases[name].variable]);
  const secrets = readOrMakeSecrets(folder);
  if (options.replicas.has('gateway')) noteSigner(folder, signerOf(env));
  const instances = instancesOf(options.replicas);
  const names = instances.map(({ instance }) => instance);
  const ports = await keepPorts(
    folder,
    ['nats', 'postgres', ...names, ...(options.traces ? ['traces'] : [])],
    takenPorts,
  );
  const around: Surroundings = {
    env,
    folder,
    secrets,
    jwtSecret: signingSecret(env, secrets),
    firstPort: firstPort(env),
    natsPort: env['NATS_URL'] ? undefined : ports.get('nats'),
    postgresPort: ownPostgres ? ports.get('postgres') : undefined,
    tracesPort: ports.get('traces'),
  };

  const { natsPort, postgresPort, tracesPort, jwtSecret } = around;
  await Promise.all([
    tracesPort && step('traces', untilReady([startTraces(fleet, tracesPort, env)], say, stopped)),
    natsPort && step('NATS', startNats(fleet, folder, natsPort, secrets, say)),
    postgresPort && step('Postgres', startPostgres(fleet, folder, postgresPort, secrets)),
  ]);
  if (services.length > 0)
    await step('migrations', Promise.all(services.map((name) => migrate(fleet, name, around))));
  const started = instances.map((instance) => startInstance(fleet, instance, ports, around));
  await step('services', untilReady(started, say, stopped));
  const isFolderGiven = Boolean(env['DATA_DIR']);
  console.log(banner({ started, folder, isFolderGiven, jwtSecret, tracesPort }));
}

function makeFolders(folder: string): void {
  try {
    for (const name of ['files', 'logs']) makeFolder(join(folder, name));
  } catch (error) {
    throw new LaunchError(
      `DATA_DIR: ${folder} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

async function requireFree(port: number): Promise<void> {
  if (await isFree(port)) return;
  throw new LaunchError(
    `Port ${String(port)} is in use. Choose another one: PORT=${String(port + 100)} npm start`,
  );
}
