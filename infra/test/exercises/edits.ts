import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** One file of an exercise: a new file, or lines to insert into one that exists. */
export type Edit =
  | { readonly path: string; readonly create: string }
  | { readonly path: string; readonly insert: readonly Insertion[] };

interface Insertion {
  /** A line of the file, as it stands there but for its indentation. */
  readonly before: string;
  readonly lines: string;
}

/** Throws where an anchor is gone: the exercise then needs the new one. */
export async function apply(folder: string, edit: Edit): Promise<void> {
  const file = join(folder, edit.path);
  if ('create' in edit) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, edit.create);
    return;
  }
  let text = await readFile(file, 'utf8');
  for (const { before, lines } of edit.insert) {
    const at = text.split('\n').findIndex((line) => line.trim() === before);
    if (at === -1) throw new Error(`${edit.path} has no line "${before}"`);
    text = text.split('\n').toSpliced(at, 0, lines).join('\n');
  }
  await writeFile(file, text);
}

/** The file as it was before; `original`: the repository. */
export async function revert(folder: string, original: string, { path, ...edit }: Edit): Promise<void> {
  if ('create' in edit) await rm(join(folder, path));
  else await writeFile(join(folder, path), await readFile(join(original, path)));
}
