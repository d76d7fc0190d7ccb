import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGuard } from '../../dev/processes/guard.ts';
import { mintToken, type MachineSubject, type TokenSubject } from '../../dev/jwt.ts';
import { findNatsServer } from '../../dev/processes/nats-binary.ts';
import { parseOptions } from '../../dev/options.ts';
import { identify, isAlive } from '../../dev/processes/process-identity.ts';
import { instancesOf } from '../../dev/topology/programs.ts';
import { isReady } from '../../dev/processes/readiness.ts';
import { readSecrets } from '../../dev/secrets.ts';
import { startProgram } from '../../dev/topology/paths.ts';
import { plainEnvironment } from '../../dev/processes/command.ts';
import { failpointVariables, neverReached } from './failpoints.ts';
import { choosePorts, freePort } from './ports.ts';
import { lastLines, readProcesses, type RunningProcess } from './running.ts';
import { waitFor } from './wait-for.ts';

export interface SystemOptions {
  /** As in `npm start -- --replicas`: `gateway=2,message-service=2`. */
  replicas?: string;
  only?: string;
  /** Also starts the trace page, the process `traces`. */
  traces?: boolean;
  env?: Record<string, string>;
  /** Where processes die or fail: see `failpoints.ts`. `stop` throws when one was never reached. */
  failpoints?: string;
  /** The data folder of an earlier system; by default a new one. */
  dataDir?: string;
  /** `stop` keeps the data folder for a later start. */
  keep?: boolean;
  timeoutMs?: number;
}

/** No rate limits: tests are fast and share one address. Tests of limits set their own. */
export const WITHOUT_LIMITS = {
  RATE_LIMIT_EVENTS: '0',
  RATE_LIMIT_ADDRESS: '0',
  RATE_LIMIT_CONNECTS: '0',
  MAX_SOCKETS_PER_USER: '0',
  MAX_CONNECTIONS_PER_ADDRESS: '0',
  MAX_OPEN_CHATS: '0',
};

/** For `only`: all programs but webhook-service, so that only queues of the test receive events. */
export const WITHOUT_WEBHOOKS = 'gateway,chat-service,message-service,presence-service';

export interface TestSystem {
  /** The URL of the first gateway. */
  url: string;
  urls: string[];
  dataDir: string;
  /** The path of the file with all output of the launcher and the services. */
  log: string;
  /** The pid of the launcher. */
  pid: number;
  jwtSecret: string;
  token(subject: TokenSubject | MachineSubject): string;
  processes(): Promise<RunningProcess[]>;
  kill(name: string, signal?: NodeJS.Signals): Promise<void>;
  /** Stops all processes. Fails when one is left. */
  stop(): Promise<void>;
}

/** Starts the real launcher with its own data folder and ports. Resolves when every program is ready. */
export async function startSystem(options: SystemOptions = {}): Promise<TestSystem> {
  const args = [
    ...(options.replicas === undefined ? [] : ['--replicas', options.replicas]),
    ...(options.only === undefined ? [] : ['--only', options.only]),
    ...(options.traces === true ? ['--traces'] : []),
  ];
  const instances = instancesOf(parseOptions(args, options.env).replicas);
  const pages = instances.length + (options.traces === true ? 1 : 0);
  const gateways = instances.filter(({ program }) => program === 'gateway').length;
  const port = await freePort(Math.max(1, gateways));
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'switchboard-system-'));
  await choosePorts(dataDir, instances);
  const log = join(dataDir, 'output.log');
  const { failpoints = '' } = options;
  const overrides = join(dataDir, 'failpoints.json');
  if (failpoints !== '')
    writeFileSync(
      overrides,
      JSON.stringify(
        Object.fromEntries(
          instances.map(({ instance }) => [instance, failpointVariables(failpoints, instance)]),
        ),
      ),
    );
  const launcher = await launch(args, log, {
    ...WITHOUT_LIMITS,
    ...(failpoints === '' ? {} : { SWITCHBOARD_OVERRIDES: overrides }),
    ...options.env,
    PORT: String(port),
    DATA_DIR: dataDir,
  });
  const id = identify(launcher.pid);
  const guard = createGuard();
  guard.watch({ ...id, name: 'launcher', stage: 0, stopSignal: 'SIGTERM', remove: dataDir });

  const processes = (): Promise<RunningProcess[]> => readProcesses(dataDir);
  const stop = async (): Promise<void> => {
    let unreached: string[] = [];
    const before = (await processes()).map(({ pid }) => identify(pid));
    launcher.signal('SIGTERM');
    try {
      await waitFor(() => !isAlive(id), { what: 'the launcher to end', timeoutMs: 45_000 });
      // When the test killed the launcher, its reaper may still be working.
      await waitFor(() => !before.some(isAlive), { what: 'its processes to end', timeoutMs: 20_000 });
    } catch (error) {
      for (const left of [id, ...before].filter(isAlive)) process.kill(left.pid, 'SIGKILL');
      throw new Error(`the system did not stop:\n${lastLines(log)}`, { cause: error });
    } finally {
      guard.forget(id.pid);
      unreached = neverReached(failpoints, readFileSync(log, 'utf8'));
      if (options.keep !== true)
        await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
    if (unreached.length > 0) throw new Error(unreached.join('\n'));
  };

  try {
    await waitFor(
      async () => {
        if (!isAlive(id)) return 'died';
        const urls = (await processes())
          .map(({ url }) => url)
          .filter((url) => url?.startsWith('http') === true);
        return (
          urls.length === pages && (await Promise.all(urls.map((url) => isReady(url ?? '')))).every(Boolean)
        );
      },
      { what: 'the system to be ready', timeoutMs: options.timeoutMs ?? 60_000, everyMs: 50 },
    );
    if (!isAlive(id)) throw new Error('the launcher ended');
  } catch (error) {
    const output = lastLines(log);
    await stop().catch(() => undefined);
    throw new Error(`the system did not start:\n${output}`, { cause: error });
  }

  const jwtSecret = options.env?.['JWT_SECRET'] ?? readSecrets(dataDir)?.jwtSecret ?? '';
  const urls = Array.from({ length: gateways }, (_, index) => `http://127.0.0.1:${String(port + index)}`);
  return {
    url: urls[0] ?? `http://127.0.0.1:${String(port)}`,
    urls,
    dataDir,
    log,
    pid: launcher.pid,
    jwtSecret,
    token: (subject) => mintToken(jwtSecret, subject),
    processes,
    kill: async (name, signal = 'SIGKILL') => {
      const found = (await processes()).find((one) => one.name === name);
      if (found === undefined) throw new Error(`no process ${name} is running`);
      process.kill(found.pid, signal);
    },
    stop,
  };
}

interface Launcher {
  pid: number;
  signal(name: NodeJS.Signals): void;
}

async function launch(args: string[], log: string, env: Record<string, string>): Promise<Launcher> {
  const output = openSync(log, 'a');
  const flags = ['--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, startProgram, ...args], {
    env: { ...plainEnvironment(), NATS_SERVER: await findNatsServer(() => undefined), ...env },
    // A new session, as from another terminal.
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  if (child.pid === undefined) throw new Error('starting the launcher failed');
  child.unref();
  return { pid: child.pid, signal: (name) => child.kill(name) };
}
