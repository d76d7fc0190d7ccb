import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { plainEnvironment } from '../../dev/processes/command.ts';
import { databases, folderOf, isService, programNames, type ProgramName } from '../../dev/topology/names.ts';
import { root } from '../../dev/topology/paths.ts';
import type { TestSystem } from '../../test/helpers/index.ts';
import { urlOf } from '../../test/helpers/system-database.ts';
import { NotHere } from './not-here.ts';

export type Version = 'previous' | 'current';

const run = promisify(execFile);
const git = async (...args: string[]): Promise<string> =>
  (await run('git', ['-C', root, ...args])).stdout.trim();

/** Folders of programs in earlier versions, newest first, where they differ from today's. */
const EARLIER_FOLDERS: Partial<Record<ProgramName, readonly string[]>> = {
  'webhook-service': ['infra/webhooks'],
};
const foldersOf = (program: ProgramName): readonly string[] => [
  folderOf(program),
  ...(EARLIER_FOLDERS[program] ?? []),
];

/** The deployed sources: a commit that changes none of them is not another version. */
const DEPLOYED = ['shared', ...programNames.flatMap(foldersOf)].map((folder) => `${folder}/src`);

/**
 * Two versions of all programs: the current one and the one before. The launcher starts each program through
 * a link, so that replicas of both versions run side by side while one replaces the other.
 */
export class Versions {
  /** The commit of the previous version, and its subject. */
  readonly previous: string;
  readonly #folder: string;
  readonly #dataDir: string;

  private constructor(dataDir: string, previous: string) {
    this.#dataDir = dataDir;
    this.#folder = join(dataDir, 'programs');
    this.previous = previous;
  }

  /**
   * Starts with every program at the previous version: the commit or tag that PREVIOUS names, by default the
   * last commit that differs. Throws NotHere without a history.
   */
  static async lay(dataDir: string): Promise<Versions> {
    const commit = process.env['PREVIOUS'] ?? (await lastThatDiffers());
    const versions = new Versions(dataDir, await git('log', '-1', '--format=%h %s', commit));
    await versions.#checkOut(commit);
    for (const program of programNames) versions.use(program, 'previous');
    return versions;
  }

  /** Environment variables for the launcher. */
  get variables(): Record<string, string> {
    return { SWITCHBOARD_PROGRAMS: this.#folder };
  }

  /** Sets the version that the program's next start uses. */
  use(program: ProgramName, version: Version): void {
    const link = join(this.#folder, folderOf(program));
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(folderIn(this.#rootOf(version), program), `${link}.next`);
    renameSync(`${link}.next`, link);
  }

  /** Runs the current migrations as a deployment does: before the program, under the migrator's role. */
  async migrate(program: ProgramName, system: TestSystem): Promise<void> {
    if (!isService(program)) return;
    const { variable, migrator } = databases[program];
    const env = { ...plainEnvironment(), [variable]: await urlOf(system, migrator) };
    await run(process.execPath, [join(this.#rootOf('current'), folderOf(program), 'src/migrate.ts')], {
      env,
    });
  }

  async close(): Promise<void> {
    await rm(this.#rootOf('previous'), { recursive: true, force: true });
  }

  #rootOf(version: Version): string {
    return version === 'current' ? root : join(this.#dataDir, 'previous');
  }

  /** Extracts the commit and installs its locked packages, unless the current version has the same ones. */
  async #checkOut(commit: string): Promise<void> {
    const folder = this.#rootOf('previous');
    mkdirSync(folder, { recursive: true });
    await run('sh', ['-c', 'git -C "$1" archive "$2" | tar -x -C "$3"', 'sh', root, commit, folder]);
    if (hasPackagesOf(folder)) linkPackages(folder);
    else
      await run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
  }
}

/** Returns the folder of a program in the tree of either version. */
function folderIn(tree: string, program: ProgramName): string {
  const folder = foldersOf(program).find((one) => existsSync(join(tree, one, 'src/main.ts')));
  if (folder === undefined)
    throw new Error(`there is no ${program} in ${tree}: add its folder to EARLIER_FOLDERS of versions.ts`);
  return join(tree, folder);
}

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), dev: z.boolean().optional(), link: z.boolean().optional() }),
  ),
});
const lockOf = (tree: string): z.output<typeof Lock>['packages'] =>
  Lock.parse(JSON.parse(readFileSync(join(tree, 'package-lock.json'), 'utf8'))).packages;

/** Whether each package from npm that programs in `tree` need is installed here, in the same version. */
function hasPackagesOf(tree: string): boolean {
  const here = lockOf(root);
  return Object.entries(lockOf(tree)).every(
    ([path, { version, dev, link }]) =>
      !path.startsWith('node_modules/') || dev === true || link === true || here[path]?.version === version,
  );
}

/** Links the npm packages of the current version; each version keeps its own `@switchboard/…`. */
function linkPackages(folder: string): void {
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@switchboard') link(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  for (const name of ['shared', 'contracts']) {
    if (existsSync(join(folder, name)))
      link(join(folder, name), join(folder, 'node_modules/@switchboard', name));
  }
}

function link(to: string, at: string): void {
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(to, at);
}

async function lastThatDiffers(): Promise<string> {
  const commits = await git('rev-list', '--first-parent', 'HEAD').catch(() => {
    throw new NotHere('there is no git history that holds a previous version');
  });
  for (const commit of commits.split('\n')) {
    const isSame = await git('diff', '--quiet', commit, '--', ...DEPLOYED).then(
      () => true,
      () => false,
    );
    if (!isSame) return commit;
  }
  throw new NotHere('the history of the sources has one version only');
}
