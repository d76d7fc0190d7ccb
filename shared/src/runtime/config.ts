import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** What is wrong with the environment, one line per variable, for whoever starts the process. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the environment by a schema; empty variables count as unset, and one that is not set is read from the file that
 * `<NAME>_FILE` names, without its last line break. Throws a ConfigError that names every mistake.
 */
export function readConfig<S extends z.ZodObject>(schema: S, environment: NodeJS.ProcessEnv = process.env): z.output<S> {
  const set: NodeJS.ProcessEnv = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  for (const name of Object.keys(schema.shape)) set[name] ??= readFileOf(name, set[`${name}_FILE`]);
  const result = schema.safeParse(set);
  if (result.success) return result.data;
  throw mistakes(result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
}

const SystemError = z.object({ code: z.string() }).catch({ code: 'for an unknown reason' });

function readFileOf(name: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw mistakes([`${name}_FILE: ${file} cannot be read (${SystemError.parse(error).code})`]);
  }
}

const mistakes = (lines: readonly string[]): ConfigError =>
  new ConfigError(`The configuration is not usable:\n${lines.map((line) => `  ${line}`).join('\n')}\nSee "Configuration" in README.md.`);

export const Port = z.coerce.number({ error: 'must be a port number' }).int().min(0).max(65535);
export const Flag = z.enum(['true', 'false'], { error: 'must be true or false' }).transform((value) => value === 'true');
export const Bytes = z.coerce.number({ error: 'must be a number of bytes' }).int().positive();
/** How many, or how many a second; 0: no limit. */
export const Limit = z.coerce.number({ error: 'must be a number, 0 for no limit' }).min(0).max(1_000_000);
export const PostgresUrl = z.string({ error: 'needed: postgres://user:password@host:port/database' }).regex(/^postgres(ql)?:\/\//, { error: 'must begin with postgres://' });

/** What every process reads. */
export const processConfig = {
  NATS_URL: z.string({ error: 'needed: nats://user:password@host:port' }).regex(/^(nats|tls):\/\//, { error: 'must begin with nats:// or tls://' }),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** Names the replica in logs. */
  SERVICE_INSTANCE: z.string().optional(),
} satisfies z.ZodRawShape;

/** What every process but the gateway reads: where its health is served. */
export const internalConfig = {
  INTERNAL_HOST: z.string().default('127.0.0.1'),
  INTERNAL_PORT: Port.default(0),
} satisfies z.ZodRawShape;

const KEY_BYTES = 32;
/** A secret that signs or encrypts: at least 32 bytes of UTF-8. */
export const Key = z.string({ error: 'needed: at least 32 bytes, the same for every replica' }).refine((key) => Buffer.byteLength(key) >= KEY_BYTES, { error: 'must be at least 32 bytes' });
