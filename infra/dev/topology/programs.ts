import { join } from 'node:path';
import { LaunchError, plainEnvironment } from '../processes/command.ts';
import { environmentOf, migrationEnvironment, type Surroundings } from '../environment.ts';
import { stages, type Fleet } from '../processes/fleet.ts';
import { folderOf, isService, type ProgramName, type ServiceName } from './names.ts';
import { root, tracesProgram } from './paths.ts';
import type { Awaited } from '../processes/readiness.ts';

export interface Instance {
  program: ProgramName;
  /** From 0. */
  index: number;
  /** `gateway`, `gateway-2`, … */
  instance: string;
}

// Tests of the launcher replace the programs by stand-ins.
const programFolder = process.env['SWITCHBOARD_PROGRAMS'] ?? root;
const flags = ['--disable-warning=ExperimentalWarning'];

export const instancesOf = (replicas: ReadonlyMap<ProgramName, number>): Instance[] =>
  [...replicas].flatMap(([program, count]) =>
    Array.from({ length: count }, (_, index) => ({
      program,
      index,
      instance: index === 0 ? program : `${program}-${String(index + 1)}`,
    })),
  );

export async function migrate(fleet: Fleet, name: ServiceName, around: Surroundings): Promise<void> {
  const code = await fleet.run({
    name: `${name} migrations`,
    file: process.execPath,
    args: [...flags, join(programFolder, folderOf(name), 'src/migrate.ts')],
    env: migrationEnvironment(name, around),
    stage: stages.gateway,
    stopSignal: 'SIGTERM',
  });
  if (code !== 0)
    throw new LaunchError(
      `The migrations of ${name} failed (exit code ${String(code)}). See the log above for the reason.`,
    );
}

export function startTraces(fleet: Fleet, port: number, env: NodeJS.ProcessEnv): Awaited {
  const url = `http://127.0.0.1:${String(port)}`;
  fleet.start({
    name: 'traces',
    file: process.execPath,
    args: [...flags, tracesProgram],
    env: { ...plainEnvironment(env), TRACE_PAGE_PORT: String(port) },
    stage: stages.traces,
    stopSignal: 'SIGTERM',
    url,
  });
  return { name: 'traces', url };
}

/** Does not wait: each program tolerates that others start later. */
export function startInstance(
  fleet: Fleet,
  { program, index, instance }: Instance,
  ports: ReadonlyMap<string, number>,
  around: Surroundings,
): Awaited {
  const internalPort = ports.get(instance);
  if (internalPort === undefined) throw new Error(`no port for ${instance}`);
  const port = isService(program) ? undefined : around.firstPort + index;
  const url = `http://127.0.0.1:${String(port ?? internalPort)}`;
  fleet.start({
    name: instance,
    file: process.execPath,
    args: [...flags, join(programFolder, folderOf(program), 'src/main.ts')],
    env: environmentOf(program, instance, { internalPort, port }, around),
    stage: isService(program) ? stages.service : stages.gateway,
    stopSignal: 'SIGTERM',
    url,
  });
  return { name: instance, url };
}
