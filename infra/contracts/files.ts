import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from '../local/paths.ts';
import { asyncApi } from './asyncapi.ts';
import { breaksOf, type Surface } from './compatibility.ts';
import { openApi } from './openapi.ts';
import { page } from './page.ts';
import { surface } from './surface.ts';

/** What the gateway serves at `/docs`. */
export const docsFolder = join(root, 'gateway/docs');
/** The last release, to which later contracts are held: its surface, what it said on the wire, and itself as others installed it. */
const releasedFolder = join(root, 'infra/contracts/released');
export const released = { surface: join(releasedFolder, 'surface.json'), corpus: join(releasedFolder, 'corpus.json'), package: join(releasedFolder, 'contracts.tgz') };

/** Of the contracts: that of the workspace that holds them. */
export const version = (): string => z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(root, 'shared/package.json'), 'utf8'))).version;

/** Generated files, by their name in the folder of the documents. */
export const documents = (): Readonly<Record<string, string>> => ({
  'asyncapi.json': textOf(asyncApi(version())),
  'openapi.json': textOf(openApi(version())),
  'index.html': page(version()),
  'schemas.json': textOf(Object.fromEntries(Object.entries(surface()).map(([name, { schema }]) => [name, schema]))),
});

export const textOf = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;

const Released = z.object({ version: z.string(), surface: z.record(z.string(), z.object({ direction: z.enum(['in', 'out']), schema: z.record(z.string(), z.unknown()) })) });

export function readReleased(): { readonly version: string; readonly surface: Surface } {
  return Released.parse(JSON.parse(readFileSync(released.surface, 'utf8')));
}

/** What has become of the last release: in which sentences it breaks whoever relies on it. */
export const breaksSinceRelease = (): string[] => breaksOf(readReleased().surface, surface());
