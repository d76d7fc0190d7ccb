import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { folderOf, type ProgramName } from '../../../dev/topology/names.ts';
import { root } from '../../../dev/topology/paths.ts';

const Answer = z.object({ known: z.array(z.string()), errors: z.array(z.string()) });
export type Answer = z.output<typeof Answer>;

const url = (path: string): string => JSON.stringify(pathToFileURL(join(root, path)).href);

/**
 * Runs a service's own config in a new process. Returns its known variables and its errors in these
 * environments.
 */
export async function askConfig(
  service: ProgramName,
  environments: readonly Record<string, string>[],
): Promise<Answer> {
  const script = `
    import { Config } from ${url(`${folderOf(service)}/src/config.ts`)};
    import { readConfig } from ${url('shared/src/runtime/index.ts')};
    import { readTelemetryConfig } from ${url('shared/src/runtime/otel/config.ts')};
    const errors = JSON.parse(process.argv[1]).flatMap((env) => {
      try { readConfig(Config, env); readTelemetryConfig(env); return []; } catch (error) { return [error.message]; }
    });
    process.stdout.write(JSON.stringify({ known: Object.keys(Config.shape), errors }));`;
  const args = [
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    script,
    JSON.stringify(environments),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env: {} });
  return Answer.parse(JSON.parse(stdout));
}
