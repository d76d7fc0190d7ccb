/** `npm start`: the whole system on this machine. Read it from top to bottom; each line is told in a file of its own. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { banner } from './banner.ts';
import { LaunchError } from './command.ts';
import { endOnSignals } from './ending.ts';
import type { Surroundings } from './environment.ts';
import { createFleet, endLeftovers } from './fleet.ts';
import { startNats, startPostgres } from './infrastructure.ts';
import { lock } from './lock.ts';
import { databases, isService } from './names.ts';
import { parseOptions, usage } from './options.ts';
import { isFree, keepPorts } from './ports.ts';
import { instancesOf, migrate, startInstance, startTraces } from './programs.ts';
import { untilReady } from './readiness.ts';
import { readOrMakeSecrets } from './secrets.ts';
import { dataFolder, firstPort, givenJwtSecret } from './settings.ts';
import { say, step } from './terminal.ts';

try {
  await start();
} catch (error) {
  if (!(error instanceof LaunchError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function start(): Promise<void> {
  const { env } = process;
  const options = parseOptions(process.argv.slice(2), env);
  if (options.help) {
    console.log(usage);
    return;
  }
  const port = firstPort(env);
  const jwtSecretGiven = givenJwtSecret(env);

  const folder = dataFolder(env);
  for (const name of ['files', 'logs']) mkdirSync(join(folder, name), { recursive: true });
  const giveBack = lock(folder);
  const fleet = createFleet(folder, say);
  const stopped = endOnSignals(fleet, giveBack);
  try {
    await endLeftovers(folder);
    const gatewayPorts = Array.from({ length: options.replicas.get('gateway') ?? 0 }, (_, index) => port + index);
    for (const gatewayPort of gatewayPorts) await refuseTaken(gatewayPort);

    const services = [...options.replicas.keys()].filter(isService);
    const ownNats = !env['NATS_URL'];
    const ownPostgres = services.some((name) => !env[databases[name].variable]);
    const secrets = readOrMakeSecrets(folder);
    const instances = instancesOf(options.replicas);
    const internal = instances.map(({ instance }) => instance);
    const ports = await keepPorts(folder, ['nats', 'postgres', ...internal, ...(options.traces ? ['traces'] : [])], gatewayPorts);
    const around: Surroundings = {
      env,
      folder,
      secrets,
      jwtSecret: env['JWT_JWKS_URL'] ? jwtSecretGiven : (jwtSecretGiven ?? secrets.jwtSecret),
      firstPort: port,
      natsPort: ownNats ? ports.get('nats') : undefined,
      postgresPort: ownPostgres ? ports.get('postgres') : undefined,
      tracesPort: ports.get('traces'),
    };

    const { natsPort, postgresPort, tracesPort } = around;
    await Promise.all([
      tracesPort && step('traces', untilReady([startTraces(fleet, tracesPort, env)], say, stopped)),
      natsPort && step('NATS', startNats(fleet, folder, natsPort, secrets, say)),
      postgresPort && step('Postgres', startPostgres(fleet, folder, postgresPort, secrets)),
    ]);
    await step('migrations', Promise.all(services.map((name) => migrate(fleet, name, around))));
    const started = instances.map((instance) => startInstance(fleet, instance, ports, around));
    await step('services', untilReady(started, say, stopped));
    if (!stopped.aborted) console.log(banner({ started, folder, jwtSecret: around.jwtSecret, tracesPort }));
  } catch (error) {
    // Being stopped in the middle of a start makes its steps fail: that is no failure to report.
    if (stopped.aborted) return;
    await fleet.stop(5_000);
    giveBack();
    throw error;
  }
}

async function refuseTaken(port: number): Promise<void> {
  if (await isFree(port)) return;
  throw new LaunchError(`Port ${String(port)} is taken. Choose another one: PORT=${String(port + 100)} npm start`);
}
