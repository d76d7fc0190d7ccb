import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../dev/topology/paths.ts';

export const toolsFolder = join(root, 'infra/test/contracts/tools');
export const TOOLS_MISSING =
  'the tools are not installed; to run them: npm ci --prefix infra/test/contracts/tools';

const fileOf = (path: string): string => join(toolsFolder, path);
const tools = {
  spectral: fileOf('spectral.mjs'),
  redocly: fileOf('node_modules/@redocly/cli/bin/cli.js'),
  'openapi-typescript': fileOf('node_modules/openapi-typescript/bin/cli.js'),
  json2ts: fileOf('node_modules/json-schema-to-typescript/dist/src/cli.js'),
  tsc: join(root, 'node_modules/@typescript/native/bin/tsc'),
} as const;

export const hasTools =
  existsSync(fileOf('node_modules')) && Object.values(tools).every((file) => existsSync(file));

/** Without reports to the makers of the tools. */
const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };

export interface Outcome {
  readonly succeeded: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Linters and compilers fail when they find something, so a failure is an outcome. */
export const run = (tool: keyof typeof tools, args: readonly string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [tools[tool], ...args],
      { cwd: toolsFolder, env, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        resolve({ succeeded: error === null, stdout, stderr: stderr || (error?.message ?? '') });
      },
    );
  });
