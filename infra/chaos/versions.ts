import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { plainEnvironment } from '../local/command.ts';
import { databases, folderOf, isService, programNames, type ProgramName } from '../local/names.ts';
import { root } from '../local/paths.ts';
import type { TestSystem } from '../testing/index.ts';
import { urlOf } from './database.ts';
import { NotHere } from './not-here.ts';

export type Version = 'previous' | 'current';

const run = promisify(execFile);
const git = async (...args: string[]): Promise<string> => (await run('git', ['-C', root, ...args])).stdout.trim();

/** What a deployment consists of: a commit that changes none of it makes no other version. */
const DEPLOYED = ['gateway', 'chat-service', 'message-service', 'presence-service', 'shared', 'infra/webhooks'].map((folder) => `${folder}/src`);

/**
 * Two versions of all programs: this one, and the one before. The launcher starts each program from a folder of links,
 * whatever it points to at that moment, so that replicas of both run side by side while one follows the other.
 */
export class Versions {
  /** Of the version before: its commit, and what it was about. */
  readonly previous: string;
  readonly #folder: string;
  readonly #dataDir: string;

  private constructor(dataDir: string, previous: string) {
    this.#dataDir = dataDir;
    this.#folder = join(dataDir, 'programs');
    this.previous = previous;
  }

  /** Every program is at the version before, to begin with. PREVIOUS names its commit; unless set, the last one that differs. Throws NotHere without a history. */
  static async lay(dataDir: string): Promise<Versions> {
    const commit = process.env['PREVIOUS'] ?? await lastThatDiffers();
    const versions = new Versions(dataDir, await git('log', '-1', '--format=%h %s', commit));
    await versions.#checkOut(commit);
    for (const program of programNames) versions.use(program, 'previous');
    return versions;
  }

  /** For the launcher. */
  get variables(): Record<string, string> {
    return { SWITCHBOARD_PROGRAMS: this.#folder };
  }

  /** From its next start on. */
  use(program: ProgramName, version: Version): void {
    const link = join(this.#folder, folderOf(program));
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(this.#rootOf(version), folderOf(program)), `${link}.next`);
    renameSync(`${link}.next`, link);
  }

  /** This version's migrations, as a deployment runs them: before the program, under the migrator's role. */
  async migrate(program: ProgramName, system: TestSystem): Promise<void> {
    if (!isService(program)) return;
    const { variable, migrator } = databases[program];
    const env = { ...plainEnvironment(), [variable]: await urlOf(system, migrator) };
    await run(process.execPath, [join(this.#rootOf('current'), folderOf(program), 'src/migrate.ts')], { env });
  }

  async close(): Promise<void> {
    await rm(this.#rootOf('previous'), { recursive: true, force: true });
  }

  #rootOf(version: Version): string {
    return version === 'current' ? root : join(this.#dataDir, 'previous');
  }

  /** With the packages of this version, where it locked the same ones; its own otherwise. */
  async #checkOut(commit: string): Promise<void> {
    const folder = this.#rootOf('previous');
    mkdirSync(folder, { recursive: true });
    await run('sh', ['-c', 'git -C "$1" archive "$2" | tar -x -C "$3"', 'sh', root, commit, folder]);
    const lockOf = (one: string) => readFileSync(join(one, 'package-lock.json'), 'utf8');
    if (lockOf(folder) === lockOf(root)) lend(folder);
    else await run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
  }
}

/** Packages from npm are shared; `@switchboard/…` is each version's own. */
function lend(folder: string): void {
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@switchboard') link(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  for (const name of ['shared', 'contracts']) {
    if (existsSync(join(folder, name))) link(join(folder, name), join(folder, 'node_modules/@switchboard', name));
  }
}

function link(to: string, at: string): void {
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(to, at);
}

async function lastThatDiffers(): Promise<string> {
  const commits = await git('rev-list', '--first-parent', 'HEAD').catch(() => { throw new NotHere('there is no history of the sources to take the version before from'); });
  for (const commit of commits.split('\n')) {
    const isSame = await git('diff', '--quiet', commit, '--', ...DEPLOYED).then(() => true, () => false);
    if (!isSame) return commit;
  }
  throw new NotHere('the history of the sources has one version only');
}
