import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../../dev/topology/paths.ts';

const run = promisify(execFile);

/**
 * The restrictions of production: no capabilities, and only mounts are writable. The limit of open files is
 * low for machines that allow no more.
 */
const CONFINED = [
  '--read-only',
  '--tmpfs',
  '/tmp',
  '--cap-drop',
  'ALL',
  '--security-opt',
  'no-new-privileges',
  '--ulimit',
  'nofile=4096:4096',
  '--ulimit',
  'nproc=4096:4096',
  '--network',
  'host',
];

export interface Container {
  readonly name: string;
  exec(...command: readonly string[]): Promise<string>;
  /** The result of the image's own health check. */
  isHealthy(): Promise<boolean>;
  logs(): Promise<string>;
  /** Stops it by SIGTERM; resolves to the duration and the exit code. */
  stop(): Promise<{ readonly tookMs: number; readonly exitCode: number }>;
  remove(): Promise<void>;
}

/** Runs docker or podman by its command line: ENGINE=docker, ENGINE="podman --runtime runc". */
export class Engine {
  readonly #command: string;
  readonly #flags: readonly string[];

  constructor(line: string) {
    const [command = '', ...flags] = line.split(' ');
    [this.#command, this.#flags] = [command, flags];
  }

  get #isPodman(): boolean {
    return this.#command.endsWith('podman');
  }

  async #do(...args: readonly string[]): Promise<string> {
    const { stdout } = await run(this.#command, [...this.#flags, ...args], {
      cwd: root,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout.trim();
  }

  async build(folder: string, image: string): Promise<void> {
    // The OCI image format has no health checks.
    const format = this.#isPodman ? ['--format', 'docker'] : [];
    await this.#do(
      'build',
      ...format,
      '--network',
      'host',
      '-f',
      'infra/deploy/docker/Dockerfile',
      '--build-arg',
      `SERVICE=${folder}`,
      '-t',
      image,
      '.',
    );
  }

  async sizeOf(image: string): Promise<number> {
    return Number(await this.#do('image', 'inspect', '--format', '{{.Size}}', image));
  }

  /** Runs a command to its end; resolves to its output. Rejects when it fails. */
  job(image: string, env: Readonly<Record<string, string>>, ...command: readonly string[]): Promise<string> {
    return withEnvFile(env, (file) =>
      this.#do('run', '--rm', ...CONFINED, '--env-file', file, image, ...command),
    );
  }

  async start(
    name: string,
    image: string,
    env: Readonly<Record<string, string>>,
    volume?: string,
  ): Promise<Container> {
    const volumes = volume === undefined ? [] : ['--volume', volume];
    await withEnvFile(env, (file) =>
      this.#do('run', '--detach', '--name', name, ...CONFINED, ...volumes, '--env-file', file, image),
    );
    return {
      name,
      exec: (...command) => this.#do('exec', name, ...command),
      isHealthy: () => this.#health(name),
      logs: () => this.#do('logs', name),
      stop: async () => {
        const begin = performance.now();
        await this.#do('stop', '--time', '30', name);
        return {
          tookMs: Math.round(performance.now() - begin),
          exitCode: Number(await this.#do('inspect', '--format', '{{.State.ExitCode}}', name)),
        };
      },
      remove: async () => {
        await this.#do('rm', '--force', '--volumes', name);
      },
    };
  }

  /** Docker runs health checks itself; podman without systemd must be triggered. */
  async #health(name: string): Promise<boolean> {
    if (this.#isPodman)
      return this.#do('healthcheck', 'run', name).then(
        () => true,
        () => false,
      );
    return (await this.#do('inspect', '--format', '{{.State.Health.Status}}', name)) === 'healthy';
  }
}

/** Passes secrets in a file that only this user can read: every user can read arguments. */
async function withEnvFile<Result>(
  env: Readonly<Record<string, string>>,
  use: (file: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-env-'));
  try {
    const file = join(folder, 'env');
    await writeFile(
      file,
      Object.entries(env)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
      { mode: 0o600 },
    );
    return await use(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
