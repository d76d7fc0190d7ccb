import { z } from 'zod';
import { run, type Outcome } from './tools.ts';

const Diagnostics = z.array(
  z.object({
    code: z.union([z.string(), z.number()]),
    path: z.array(z.union([z.string(), z.number()])),
    message: z.string(),
  }),
);
const Problems = z.object({
  problems: z.array(
    z.object({
      ruleId: z.string(),
      message: z.string(),
      location: z.array(z.object({ pointer: z.string().optional() })),
    }),
  ),
});

/** Errors, warnings and hints of the linters about a document, one sentence each. */
export async function findingsIn(file: string): Promise<string[]> {
  const [spectral, redocly] = await Promise.all([
    run('spectral', [file]),
    run('redocly', ['lint', '--format=json', '--max-problems=1000', file]),
  ]);
  return [
    ...read(Diagnostics, spectral).map(
      ({ code, path, message }) => `spectral ${String(code)}: ${message} (${path.join('.')})`,
    ),
    ...read(Problems, redocly).problems.map(
      ({ ruleId, message, location: [place] }) => `redocly ${ruleId}: ${message} (${place?.pointer ?? ''})`,
    ),
  ];
}

function read<S extends z.ZodType>(schema: S, { stdout, stderr }: Outcome): z.output<S> {
  if (stdout === '') throw new Error(`a linter printed nothing: ${stderr}`);
  return schema.parse(JSON.parse(stdout));
}
