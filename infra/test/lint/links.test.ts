import { expect, it } from '@jest/globals';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from '../../dev/topology/paths.ts';

// Every relative link and image in Markdown leads to a file or folder, every anchor to a heading.
// A path in code, from the root on, exists.

const ignored = /(^|\/)(node_modules|\.git|\.data|CHANGELOG\.md)(\/|$)/;
const files = globSync(['*.md', '.*/**/*.md', '*/**/*.md'], {
  cwd: root,
  exclude: (path) => ignored.test(path),
});

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Markdown without its fenced blocks and code, in which brackets are no links. */
const prose = (text: string): string =>
  text
    .replaceAll(/^ *```.*?^ *```/gms, '')
    .replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ''));

/** The anchors that GitHub gives headings. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.replaceAll(/^ *```.*?^ *```/gms, '').matchAll(/^#{1,6} +(.+?)\s*$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const anchor = plain
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    let free = anchor;
    for (let count = 1; anchors.has(free); count++) free = `${anchor}-${String(count)}`;
    anchors.add(free);
  }
  return anchors;
}

function problemOf(file: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? join(root, file) : join(root, dirname(file), decodeURIComponent(path));
  if (!existsSync(target)) return 'leads to nothing';
  if (relative(root, target).startsWith('..')) return 'leads out of the repository';
  if (anchor === undefined) return undefined;
  if (statSync(target).isDirectory() || !target.endsWith('.md'))
    return 'has an anchor, but leads to no Markdown file';
  return anchorsOf(readFileSync(target, 'utf8')).has(anchor) ? undefined : 'names no heading';
}

it('finds the Markdown files of every part of the repository', () => {
  expect(files).toEqual(
    expect.arrayContaining([
      'README.md',
      '.github/SECURITY.md',
      '.changeset/README.md',
      'infra/docs/operations/README.md',
      'infra/deploy/k8s/README.md',
      'infra/lab/bench/NOTES.md',
    ]),
  );
});

it.each(files)('every relative link of %s resolves', (file) => {
  const links = [...prose(textOf(file)).matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z][a-z+.-]*:/i.test(link));
  const problems = links.flatMap((link) => {
    const problem = problemOf(file, link);
    return problem === undefined ? [] : [`${link} ${problem}`];
  });
  expect(problems).toEqual([]);
});

const parts = 'infra|shared|gateway|chat-service|message-service|presence-service';

it.each(files)('every path that %s names as code exists', (file) => {
  const paths = [...textOf(file).matchAll(new RegExp(`\`((?:${parts})/[\\w./-]+)\``, 'g'))];
  expect(paths.map(([, path = '']) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
