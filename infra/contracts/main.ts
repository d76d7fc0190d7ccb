/** `npm run contracts`: writes the documents. `-- release`: what is written now is what later contracts are held to. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { docsFolder, documents, releasedFile, textOf, version } from './files.ts';
import { surface } from './surface.ts';

mkdirSync(docsFolder, { recursive: true });
for (const [name, text] of Object.entries(documents())) writeFileSync(join(docsFolder, name), text);
console.log(`${Object.keys(documents()).join(', ')} are written to gateway/docs`);

if (process.argv[2] === 'release') {
  writeFileSync(releasedFile, textOf({ version: version(), surface: surface() }));
  console.log(`what comes is held to ${version()}`);
}
