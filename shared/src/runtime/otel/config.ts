import { z } from 'zod';
import { ConfigError } from '../../config-error.ts';
import { readConfig } from '../config.ts';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/**
 * Defaults: enough traces to see the usual case in a quiet system, and a constant cost in a busy one. Spans
 * that fail or are slow are kept regardless of the share.
 */
const DEFAULT_RATIO = 0.1;
const DEFAULT_PER_SECOND = 10;
const DEFAULT_SLOW_MS = 250;
const DEFAULT_DELAY_MS = 1_000;
const DEFAULT_QUEUE = 4_096;
const DEFAULT_INTERVAL_MS = 15_000;

const PROTOCOLS = ['http/json', 'http/protobuf', 'grpc'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** One of some words, in any case and with blanks around it, as OpenTelemetry's specification says. */
const wordOf = <const Words extends readonly string[]>(words: Words, error: string) =>
  z.string().trim().toLowerCase().pipe(z.enum(words, { error }));

const Switch = wordOf(['true', 'false'], 'must be true or false');
const Endpoint = z.string().trim();
const OtlpProtocol = wordOf(PROTOCOLS, `must be one of ${PROTOCOLS.join(', ')}`);
/** At most an hour: Node.js fires a timer of more than 24 days at once. */
const Milliseconds = z.coerce
  .number({ error: 'must be a number of milliseconds' })
  .positive()
  .max(3_600_000, { error: 'must be an hour, 3600000, or less' });

const SHARE = 'must be a number between 0 and 1';

const Environment = z.object({
  OTEL_SDK_DISABLED: Switch.default('false'),
  OTEL_EXPORTER_OTLP_ENDPOINT: Endpoint.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: Endpoint.optional(),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: Endpoint.optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: OtlpProtocol.optional(),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: OtlpProtocol.optional(),
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: OtlpProtocol.optional(),
  OTEL_TRACES_EXPORTER: wordOf(['otlp', 'none'], 'must be otlp or none').default('otlp'),
  OTEL_METRICS_EXPORTER: z
    .string()
    .default('otlp')
    .transform((list) =>
      list
        .toLowerCase()
        .split(',')
        .map((name) => name.trim()),
    )
    .pipe(
      z.array(
        z.enum(['otlp', 'prometheus', 'none'], {
          error: 'must be otlp, prometheus, both with a comma between them, or none',
        }),
      ),
    ),
  OTEL_TRACES_SAMPLER: wordOf(SAMPLERS, `must be one of ${SAMPLERS.join(', ')}`).default(
    'parentbased_traceidratio',
  ),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/\S/, { error: SHARE })
    .transform(Number)
    .pipe(z.number({ error: SHARE }).min(0, { error: SHARE }).max(1, { error: SHARE }))
    .optional(),
  OTEL_BSP_SCHEDULE_DELAY: Milliseconds.default(DEFAULT_DELAY_MS),
  OTEL_BSP_MAX_QUEUE_SIZE: z.coerce
    .number({ error: 'must be a number of spans, 512 or more' })
    .int()
    .min(512, { error: 'must be a number of spans, 512 or more' })
    .default(DEFAULT_QUEUE),
  OTEL_METRIC_EXPORT_INTERVAL: Milliseconds.min(1_000, {
    error: 'must be 1000 milliseconds or more',
  }).default(DEFAULT_INTERVAL_MS),
  TRACES_SLOW_MS: Milliseconds.default(DEFAULT_SLOW_MS),
});

export interface TelemetryConfig {
  /** How spans are exported over OTLP; undefined: not at all. */
  readonly traces: Protocol | undefined;
  readonly metrics: {
    readonly otlp: Protocol | undefined;
    readonly prometheus: boolean;
    readonly everyMs: number;
  };
  /** The longest wait for a batch in ms, and the most spans that wait: further spans are dropped. */
  readonly queue: { readonly delayMs: number; readonly spans: number };
  /** The share of the traces that begin here, 0 to 1. */
  readonly ratio: number;
  /** The most of these traces per second and name. */
  readonly perSecond: number;
  readonly slowMs: number;
}

/**
 * Reads those of OpenTelemetry's own variables that decide whether and how to export; its exporters read the
 * others. Without an endpoint and without Prometheus, telemetry is off. Throws a ConfigError.
 */
export function readTelemetryConfig(environment: NodeJS.ProcessEnv = process.env): TelemetryConfig {
  const env = readConfig(Environment, environment);
  const isOn = env.OTEL_SDK_DISABLED === 'false';
  return {
    traces: isOn && env.OTEL_TRACES_EXPORTER === 'otlp' ? protocolOf(env, 'TRACES') : undefined,
    metrics: {
      otlp: isOn && env.OTEL_METRICS_EXPORTER.includes('otlp') ? protocolOf(env, 'METRICS') : undefined,
      prometheus: isOn && env.OTEL_METRICS_EXPORTER.includes('prometheus'),
      everyMs: env.OTEL_METRIC_EXPORT_INTERVAL,
    },
    queue: { delayMs: env.OTEL_BSP_SCHEDULE_DELAY, spans: env.OTEL_BSP_MAX_QUEUE_SIZE },
    ...shareOf(env.OTEL_TRACES_SAMPLER, env.OTEL_TRACES_SAMPLER_ARG),
    slowMs: env.TRACES_SLOW_MS,
  };
}

const WITH_SCHEME = 'must be a URL that begins with http:// or https://';
const WITHOUT_SCHEME = `${WITH_SCHEME}, or host:port`;
const HttpUrl = z.url({ protocol: /^https?$/ });

/** The protocol of a signal; undefined without an endpoint. The signal's own variables come first. */
function protocolOf(env: z.output<typeof Environment>, signal: 'TRACES' | 'METRICS'): Protocol | undefined {
  const own = env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`];
  const endpoint = own ?? env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const protocol =
    env[`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`] ?? env.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/json';
  if (endpoint === undefined) return undefined;
  const isGrpc = protocol === 'grpc';
  if (HttpUrl.safeParse(endpoint).success || (isGrpc && /^[^\s/:]+:\d+$/.test(endpoint))) return protocol;
  throw new ConfigError([
    `OTEL_EXPORTER_OTLP_${own === undefined ? '' : `${signal}_`}ENDPOINT: ${isGrpc ? WITHOUT_SCHEME : WITH_SCHEME}`,
  ]);
}

/** A share that the environment names has no limit per second. */
function shareOf(
  sampler: (typeof SAMPLERS)[number],
  given: number | undefined,
): { ratio: number; perSecond: number } {
  const exactly = (ratio: number) => ({ ratio, perSecond: Number.POSITIVE_INFINITY });
  if (sampler.endsWith('always_on')) return exactly(1);
  if (sampler.endsWith('always_off')) return exactly(0);
  return given === undefined ? { ratio: DEFAULT_RATIO, perSecond: DEFAULT_PER_SECOND } : exactly(given);
}
