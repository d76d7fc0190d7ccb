/**
 * `npm run contracts`: writes the documents. `-- pack <folder>`: packs the npm package.
 * `-- release`: records the present contracts as the release that later ones must not break.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { corpus } from './corpus.ts';
import { docsFolder, documents, released, textOf, version } from './files.ts';
import { packContracts } from './pack.ts';
import { surface } from './surface.ts';

const [command, folder = '.'] = process.argv.slice(2);
mkdirSync(docsFolder, { recursive: true });
for (const [name, text] of Object.entries(documents())) writeFileSync(join(docsFolder, name), text);
console.log(`${Object.keys(documents()).join(', ')} are written to gateway/docs`);
if (command === 'pack') console.log(packContracts(resolve(folder)));
if (command === 'release') release();

function release(): void {
  mkdirSync(dirname(released.surface), { recursive: true });
  writeFileSync(released.surface, textOf({ version: version(), surface: surface() }));
  writeFileSync(released.corpus, textOf(corpus()));
  const work = mkdtempSync(join(dirname(released.package), 'pack-'));
  renameSync(packContracts(work), released.package);
  rmSync(work, { recursive: true });
  console.log(`what comes is held to ${version()}`);
}
