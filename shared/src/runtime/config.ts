import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { isUrl } from '../addresses.ts';
import { ConfigError } from '../config-error.ts';

/** The exit code of a process that cannot use its configuration: EX_CONFIG of sysexits.h. */
export const EXIT_CONFIG = 78;

/**
 * Reads the environment by a schema. Empty variables count as unset. An unset variable is read from the file
 * that `<NAME>_FILE` names, without its last line break. Throws a ConfigError that names every mistake.
 */
export function readConfig<S extends z.ZodObject>(
  schema: S,
  environment: NodeJS.ProcessEnv = process.env,
): z.output<S> {
  const set: NodeJS.ProcessEnv = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== ''),
  );
  // By the variable, so that each has one line.
  const mistakes = new Map<string, string>();
  for (const name of Object.keys(schema.shape)) {
    try {
      set[name] ??= readFileOf(set[`${name}_FILE`]);
    } catch (error) {
      const { code } = SystemError.parse(error);
      mistakes.set(name, `${name}_FILE: ${set[`${name}_FILE`] ?? ''} cannot be read (${code})`);
    }
  }
  const result = schema.safeParse(set);
  if (result.success && mistakes.size === 0) return result.data;
  for (const { path, message } of result.error?.issues ?? []) {
    const name = path.join('.');
    if (!mistakes.has(name)) mistakes.set(name, `${name}: ${message}`);
  }
  throw new ConfigError([...mistakes.values()]);
}

const SystemError = z.object({ code: z.string() }).catch({ code: 'unknown error' });

const readFileOf = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : readFileSync(file, 'utf8').replace(/\r?\n$/, '');

interface Range {
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
}

/** A number in a range. One sentence for every mistake. A blank is none, although Number(' ') is 0. */
export const numeric = (error: string, { min, max, whole = true }: Range) =>
  z
    .string({ error })
    .transform((text) => (text.trim() === '' ? Number.NaN : Number(text)))
    .refine((number) => number >= min && number <= max && (!whole || Number.isInteger(number)), { error });

export const Port = numeric('must be a port number', { min: 0, max: 65_535 });
export const Flag = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .transform((value) => value === 'true');
/** Up to a year. */
export const Seconds = numeric('must be a number of seconds, up to a year', { min: 0, max: 31_536_000 });
export const Bytes = numeric('must be a number of bytes', { min: 1, max: Number.MAX_SAFE_INTEGER });
/** A number, or a number per second. 0: no limit. */
export const Limit = numeric('must be a number up to 1000000, 0 for no limit', {
  min: 0,
  max: 1_000_000,
  whole: false,
});

export const HttpUrl = z.url({
  protocol: /^https?$/,
  error: 'must be a URL that begins with http:// or https://',
});

/** For a URL with a password in it, whose value no message may show. */
export const UNPARSABLE_URL =
  'is not a URL. Write special characters of the password as percent codes, such as %23 for #';

export const PostgresUrl = z
  .string({ error: 'needed: postgres://user:password@host:port/database' })
  .regex(/^postgres(ql)?:\/\//, { error: 'must begin with postgres://' })
  // Without a host it names a Unix socket, which pg accepts.
  .refine((url) => isUrl(url.replace('@/', '@localhost/')), { error: UNPARSABLE_URL });

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The variables of every process. */
export const processConfig = {
  /** Several servers are separated by commas. */
  NATS_URL: z
    .string({ error: 'needed: nats://user:password@host:port' })
    .refine((list) => list.split(',').every((url) => /^(nats|tls):\/\//.test(url)), {
      error: 'must begin with nats:// or tls://',
    })
    .refine((list) => list.split(',').every((url) => isUrl(url) && new URL(url).host !== ''), {
      error: UNPARSABLE_URL,
    }),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  /** Names the replica in logs. */
  SERVICE_INSTANCE: z.string().optional(),
} satisfies z.ZodRawShape;

/** The variables of every process except the gateway: where the internal HTTP server listens. */
export const internalConfig = {
  INTERNAL_HOST: z.string().default('127.0.0.1'),
  INTERNAL_PORT: Port.default(0),
} satisfies z.ZodRawShape;

const KEY_BYTES = 32;
/** A secret that signs or encrypts: at least 32 bytes of UTF-8. */
export const Key = z
  .string({ error: 'needed: at least 32 bytes, the same for every replica' })
  .refine((key) => Buffer.byteLength(key) >= KEY_BYTES, { error: 'must be at least 32 bytes' });
