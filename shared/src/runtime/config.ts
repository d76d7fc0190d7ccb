import { z } from 'zod';
import { isUrl } from '../addresses.ts';
import { ConfigError } from '../config-error.ts';
import { readSecretFile } from '../secret-file.ts';
import { Certificates, NatsCredentials, NatsToken, NkeySeed, PrivateKey } from './nats-secrets.ts';

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
    const file = set[`${name}_FILE`];
    if (file === undefined) continue;
    // A schema that also has `<NAME>_FILE` thereby knows where the value comes from.
    if (set[name] !== undefined) {
      set[`${name}_FILE`] = undefined;
      continue;
    }
    try {
      set[name] = readSecretFile(file);
    } catch (error) {
      const { code } = SystemError.parse(error);
      mistakes.set(name, `${name}_FILE: ${file} cannot be read (${code})`);
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

/**
 * The value of a variable, or of the file that `<NAME>_FILE` names. Undefined also for a file that cannot be
 * read.
 */
export function textOf(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const [value, file] = [environment[name], environment[`${name}_FILE`]];
  if (value || !file) return value;
  try {
    return readSecretFile(file);
  } catch {
    return undefined;
  }
}

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
  // With the file, the bus reads a renewed secret at its next connection.
  NATS_TOKEN: NatsToken.optional(),
  NATS_TOKEN_FILE: z.string().optional(),
  NATS_NKEY_SEED: NkeySeed.optional(),
  NATS_NKEY_SEED_FILE: z.string().optional(),
  NATS_CREDS: NatsCredentials.optional(),
  NATS_CREDS_FILE: z.string().optional(),
  NATS_TLS_CA: Certificates.optional(),
  NATS_TLS_CA_FILE: z.string().optional(),
  NATS_TLS_CERT: Certificates.optional(),
  NATS_TLS_CERT_FILE: z.string().optional(),
  NATS_TLS_KEY: PrivateKey.optional(),
  NATS_TLS_KEY_FILE: z.string().optional(),
  /** Of servers with `handshake_first`. */
  NATS_TLS_HANDSHAKE_FIRST: Flag.optional(),
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
