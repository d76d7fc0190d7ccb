import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { allOf } from './rendered.ts';

const List = z.object({ kind: z.literal('List'), items: z.array(z.unknown()) });
const script = fileURLToPath(new URL('../../../deploy/k8s/make-secrets.mjs', import.meta.url));

export interface FreshSecrets {
  readonly items: readonly unknown[];
  readonly all: ReturnType<typeof allOf<'Secret'>>;
  valueOf(namespace: string, name: string, key: string): string | undefined;
}

/** What make-secrets.mjs prints. */
export async function freshSecrets(): Promise<FreshSecrets> {
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  const { items } = List.parse(JSON.parse(stdout));
  const all = allOf('Secret', items);
  return {
    items,
    all,
    valueOf: (namespace, name, key) =>
      all.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name)?.stringData[key],
  };
}
