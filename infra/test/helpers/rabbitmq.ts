import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from 'amqplib';
import { createGuard } from '../../dev/processes/guard.ts';
import { identify } from '../../dev/processes/process-identity.ts';
import { freeze } from './freeze.ts';
import { freePort } from './ports.ts';
import { givenRabbit, rabbitProgram } from './rabbit-program.ts';
import { waitFor } from './wait-for.ts';

export interface SharedRabbit {
  readonly url: string;
  stop(): Promise<void>;
}

export interface TestRabbit extends SharedRabbit {
  /** Runs rabbitmqctl with these arguments. */
  ctl(...args: readonly string[]): Promise<string>;
  kill(): Promise<void>;
  /** Stops the running server, if any, and starts one with the same port and data. */
  restart(): Promise<void>;
  /** Freezes the server: connections stay open, and it does not respond. */
  pause(): Promise<void>;
  resume(): void;
}

/** Returns the server of AMQP_URL, or starts one. */
export const openRabbit = (): Promise<SharedRabbit> =>
  givenRabbit === undefined
    ? startRabbit()
    : Promise.resolve({ url: givenRabbit, stop: () => Promise.resolve() });

export interface RabbitOptions {
  /** The test's `user:password`, an administrator. */
  login?: string;
  /** Lines of rabbitmq.conf that define its users. */
  conf?: readonly string[];
  plugins?: readonly string[];
}

/** Starts a real RabbitMQ on loopback with its own folder, epmd and cookie. Takes about 4 s. */
export async function startRabbit({
  login = 'test:test',
  conf = ['default_user = test', 'default_pass = test'],
  plugins = [],
}: RabbitOptions = {}): Promise<TestRabbit> {
  if (rabbitProgram === undefined)
    throw new Error('no rabbitmq-server on this machine: apt-get install rabbitmq-server');
  const server = rabbitProgram;
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-rabbit-'));
  const ports = { amqp: await freePort(), epmd: await freePort(), dist: await freePort() };
  const env = await writeSettings(folder, ports, conf, plugins);
  const guard = createGuard();
  const url = `amqp://${login}@127.0.0.1:${String(ports.amqp)}`;

  const epmd = launch('epmd', ['-port', String(ports.epmd), '-address', '127.0.0.1'], env);
  let running = await boot();

  async function boot(): Promise<ChildProcess> {
    const child = launch(server, [], env);
    await waitFor(
      async () => {
        if (child.exitCode !== null) throw new Error('the server ended');
        const connection = await connect(url, { timeout: 2_000 });
        await connection.close();
        return true;
      },
      { what: 'RabbitMQ', timeoutMs: 60_000, everyMs: 100 },
    );
    return child;
  }

  function launch(file: string, args: readonly string[], environment: NodeJS.ProcessEnv): ChildProcess {
    const child = spawn(file, args, { env: environment, detached: true, stdio: 'ignore', cwd: folder });
    child.unref();
    if (child.pid !== undefined)
      guard.watch({ ...identify(child.pid), name: file, stage: 2, stopSignal: 'SIGKILL' });
    return child;
  }

  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.ref();
    child.kill('SIGCONT');
    child.kill(signal);
    await exited;
    guard.forget(child.pid);
  }

  return {
    url,
    ctl: async (...args) =>
      (await promisify(execFile)(join(dirname(server), 'rabbitmqctl'), ['-q', ...args], { env })).stdout,
    kill: () => end(running, 'SIGKILL'),
    restart: async () => {
      await end(running, 'SIGTERM');
      running = await boot();
    },
    pause: () => freeze(running.pid ?? 0),
    resume: () => {
      running.kill('SIGCONT');
    },
    stop: async () => {
      await end(running, 'SIGKILL');
      await end(epmd, 'SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function writeSettings(
  folder: string,
  ports: { readonly amqp: number; readonly epmd: number; readonly dist: number },
  conf: readonly string[],
  plugins: readonly string[],
): Promise<NodeJS.ProcessEnv> {
  await mkdir(join(folder, 'home'));
  await writeFile(join(folder, 'plugins'), `[${plugins.join()}].`);
  await writeFile(
    join(folder, 'rabbitmq.conf'),
    [
      `listeners.tcp.default = 127.0.0.1:${String(ports.amqp)}`,
      ...conf,
      // A nearly full disk of the machine must not block the broker.
      'disk_free_limit.absolute = 1MB',
      'log.file.level = warning',
    ].join('\n'),
  );
  return {
    PATH: process.env['PATH'],
    HOME: join(folder, 'home'),
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `test-${String(ports.amqp)}@localhost`,
    RABBITMQ_DIST_PORT: String(ports.dist),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'generated'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    ERL_CRASH_DUMP: join(folder, 'erl_crash.dump'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+sbwt none -kernel inet_dist_use_interface {127,0,0,1}',
    // Makes the script exec the server, so that signals to the child reach it.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
}
