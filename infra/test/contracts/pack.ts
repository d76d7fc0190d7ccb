/** What other teams install, `@switchboard/contracts`: built, and packed into a folder. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { root } from '../../dev/topology/paths.ts';
import { docsFolder, textOf, version } from './files.ts';

const sources = fileURLToPath(new URL('package', import.meta.url));

/** Returns the packed file. */
export function packContracts(target: string): string {
  const work = mkdtempSync(join(tmpdir(), 'switchboard-contracts-'));
  try {
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', sources, '--outDir', join(work, 'dist')], {
      stdio: 'inherit',
    });
    for (const name of ['asyncapi.json', 'openapi.json', 'schemas.json'])
      cpSync(join(docsFolder, name), join(work, 'docs', name));
    cpSync(join(sources, 'README.md'), join(work, 'README.md'));
    cpSync(join(sources, 'client.ts'), join(work, 'examples/client.ts'));
    writeFileSync(join(work, 'examples/client.js'), withoutTypes(join(sources, 'client.ts')));
    writeFileSync(join(work, 'package.json'), textOf(manifest()));
    mkdirSync(target, { recursive: true });
    return join(
      target,
      execFileSync('npm', ['pack', '--silent', '--pack-destination', target], {
        cwd: work,
        encoding: 'utf8',
      }).trim(),
    );
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** As every Node that `engines` names can run it. */
const withoutTypes = (file: string): string =>
  stripTypeScriptTypes(readFileSync(file, 'utf8')).replaceAll(/^\s*\n(?:\s*\n)+/gm, '\n');

/** It needs what `contracts` imports, in the version that it was tested with. */
function manifest(): unknown {
  const Shared = z.object({ license: z.string().optional(), dependencies: z.object({ zod: z.string() }) });
  const { dependencies } = Shared.parse(JSON.parse(readFileSync(join(root, 'shared/package.json'), 'utf8')));
  const at = (file: string) => ({ types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` });
  return {
    name: '@switchboard/contracts',
    version: version(),
    description: 'Contracts of Switchboard: schemas, types, subjects and error codes',
    license: 'MIT',
    type: 'module',
    exports: {
      '.': at('contracts/index'),
      './errors': at('errors'),
      './limits': at('contracts/limits'),
      './subjects': at('bus/subjects'),
      './envelope': at('bus/envelope'),
      './docs/*': './docs/*',
    },
    files: ['dist', 'docs', 'examples'],
    sideEffects: false,
    engines: { node: '>=20' },
    dependencies: { zod: `^${dependencies.zod}` },
  };
}
