import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isRecord, parseJson } from '../../dev/json.ts';
import { isService, programNames } from '../../dev/topology/names.ts';
import { root } from '../../dev/topology/paths.ts';

it('npm finds the migrations of each service by its name', async () => {
  const services = programNames.filter(isService);
  const found = services.map(async (service) => {
    const args = ['pkg', 'get', 'scripts.migrate', '-w', service];
    const { stdout } = await promisify(execFile)('npm', args, { cwd: root });
    return stdout.trim();
  });
  for (const script of await Promise.all(found)) expect(script).toContain('node src/migrate.ts');
});

it('LICENSE is the licence that package.json names', () => {
  const manifest = parseJson(readFileSync(join(root, 'package.json'), 'utf8'));
  const license = isRecord(manifest) ? String(manifest['license']) : '';
  expect(readFileSync(join(root, 'LICENSE'), 'utf8').split('\n')[0]).toBe(`${license} License`);
});
