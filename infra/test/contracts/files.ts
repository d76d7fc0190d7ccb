import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from '../../dev/topology/paths.ts';
import { asyncApi } from './asyncapi/index.ts';
import { breaksOf, type Surface } from './compatibility.ts';
import { openApi } from './openapi/index.ts';
import { page } from './page.ts';
import { surface } from './surface.ts';

/** What the gateway serves at `/docs`. */
export const docsFolder = join(root, 'gateway/docs');
/** The last release, which later contracts must not break: its surface, its corpus and its npm package. */
const releasedFolder = join(root, 'infra/test/contracts/released');
export const released = {
  surface: join(releasedFolder, 'surface.json'),
  corpus: join(releasedFolder, 'corpus.json'),
  package: join(releasedFolder, 'contracts.tgz'),
};

/** The version of the contracts: that of their workspace, `shared`. */
export const version = (): string =>
  z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(root, 'shared/package.json'), 'utf8')))
    .version;

/** Generated files, by their name in the folder of the documents. */
export const documents = (): Readonly<Record<string, string>> => ({
  'asyncapi.json': textOf(asyncApi(version())),
  'openapi.json': textOf(openApi(version())),
  'index.html': page(version(), 'clients'),
  'internals.html': page(version(), 'services'),
  'schemas.json': textOf(
    Object.fromEntries(Object.entries(surface()).map(([name, { schema }]) => [name, schema])),
  ),
});

export const textOf = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;

const Released = z.object({
  version: z.string(),
  surface: z.record(
    z.string(),
    z.object({ direction: z.enum(['in', 'out']), schema: z.record(z.string(), z.unknown()) }),
  ),
});

export function readReleased(): { readonly version: string; readonly surface: Surface } {
  return Released.parse(JSON.parse(readFileSync(released.surface, 'utf8')));
}

/** One sentence per change that breaks users of the last release. */
export const breaksSinceRelease = (): string[] => breaksOf(readReleased().surface, surface());
