import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isRecord } from '../../../dev/json.ts';
import { root } from '../../../dev/topology/paths.ts';
import { toolsFolder } from './helm.ts';

const models = [
  'kubernetes-models',
  '@kubernetes-models/prometheus-operator',
  '@kubernetes-models/cloudnative-pg',
].map((name) => join(toolsFolder, 'node_modules', name));
const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');

export const canValidate = models.every((folder) => existsSync(folder));

/**
 * The complaints about each manifest, by the published schemas of Kubernetes and its operators. Their ajv
 * validators check required fields and formats but allow unknown fields; their types refuse those (ADR 0026).
 */
export async function complaintsOf(manifests: readonly unknown[]): Promise<string[][]> {
  const located = manifests.map((manifest) => ({ manifest, model: modelOf(manifest) }));
  const byType = await typeComplaints(located);
  return Promise.all(
    located.map(async ({ manifest, model }, index) =>
      model === undefined
        ? [`no stable version of ${nameOf(manifest)}`]
        : [...(byType[index] ?? []), ...(await schemaComplaints(manifest, model))],
    ),
  );
}

interface Model {
  readonly file: string;
  readonly kind: string;
}
interface Located {
  readonly manifest: unknown;
  readonly model: Model | undefined;
}

const nameOf = (manifest: unknown): string =>
  isRecord(manifest) ? `${String(manifest['kind'])} in ${String(manifest['apiVersion'])}` : 'manifest';

function modelOf(manifest: unknown): Model | undefined {
  if (!isRecord(manifest)) return undefined;
  const [group, kind] = [String(manifest['apiVersion']), String(manifest['kind'])];
  // The models include APIs that clusters no longer serve.
  if (/v\d+(alpha|beta)\d+$/.test(group)) return undefined;
  const folder = models.find((model) => existsSync(join(model, group, `${kind}.d.ts`)));
  return folder === undefined ? undefined : { file: join(folder, group, `${kind}.js`), kind };
}

async function schemaComplaints(manifest: unknown, { file, kind }: Model): Promise<string[]> {
  const exported: unknown = await import(pathToFileURL(file).href);
  const Model = isRecord(exported) ? exported[kind] : undefined;
  if (!isModel(Model)) return [`${file} has no ${kind}`];
  try {
    new Model(manifest).validate();
    return [];
  } catch (error) {
    return [isRecord(error) ? String(error['message']) : String(error)];
  }
}

const isModel = (value: unknown): value is new (data: unknown) => { validate(): void } =>
  typeof value === 'function';

/** Writes each manifest as one typed line of a file, which tsc checks. */
async function typeComplaints(located: readonly Located[]): Promise<string[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-manifests-'));
  try {
    const lines = located.map(({ manifest, model }, index) =>
      model === undefined
        ? ''
        : `export const manifest${String(index)}: import(${JSON.stringify(model.file)}).I${model.kind} = ${JSON.stringify(manifest)};`,
    );
    await writeFile(join(folder, 'manifests.mts'), lines.join('\n'));
    const output = await compile(join(folder, 'manifests.mts'));
    const complaints: string[][] = located.map(() => []);
    for (const [, line, text = ''] of output.matchAll(/^.*manifests\.mts\((\d+),\d+\): (.*(?:\n .*)*)/gm))
      complaints[Number(line) - 1]?.push(text);
    if (output !== '' && complaints.flat().length === 0) throw new Error(output);
    return complaints;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const compile = (file: string): Promise<string> =>
  new Promise((resolve) => {
    const options = '--ignoreConfig --noEmit --skipLibCheck --module nodenext --target es2024 --pretty false';
    execFile(process.execPath, [tsc, ...options.split(' '), '--types', '', file], (error, stdout, stderr) => {
      resolve(error === null ? '' : `${stdout}${stderr}` || error.message);
    });
  });
