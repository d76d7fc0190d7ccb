import { z } from 'zod';
import { readConfig } from '../config.ts';

const SAMPLERS = ['always_on', 'always_off', 'traceidratio', 'parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'] as const;

/**
 * Unless told otherwise: enough to see what is usual in a quiet system, and no more of it in a busy one, where recording a
 * share of all would cost more than it tells. What fails or is slow is kept in any case.
 */
const DEFAULT_RATIO = 0.1;
const DEFAULT_PER_SECOND = 10;
const DEFAULT_SLOW_MS = 250;
const DEFAULT_DELAY_MS = 1_000;
const DEFAULT_QUEUE = 4_096;
const DEFAULT_INTERVAL_MS = 15_000;

const Endpoint = z.url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' });
const Protocol = z.literal('http/json', { error: 'must be http/json, which is what is spoken here; a collector takes it at port 4318' });
/** A timer of more than 24 days would end at once. */
const Milliseconds = z.coerce.number({ error: 'must be a number of milliseconds' }).positive().max(3_600_000, { error: 'must be an hour, 3600000, or less' });

const SHARE = 'must be a number between 0 and 1';

const Environment = z.object({
  OTEL_SDK_DISABLED: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false'),
  OTEL_EXPORTER_OTLP_ENDPOINT: Endpoint.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: Endpoint.optional(),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: Endpoint.optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: Protocol.optional(),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: Protocol.optional(),
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: Protocol.optional(),
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none'], { error: 'must be otlp or none' }).default('otlp'),
  OTEL_METRICS_EXPORTER: z.string().default('otlp').transform((list) => list.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(['otlp', 'prometheus', 'none'], { error: 'must be otlp, prometheus, both with a comma between them, or none' }))),
  OTEL_TRACES_SAMPLER: z.enum(SAMPLERS, { error: `must be one of ${SAMPLERS.join(', ')}` }).default('parentbased_traceidratio'),
  OTEL_TRACES_SAMPLER_ARG: z.string().regex(/\S/, { error: SHARE }).transform(Number).pipe(z.number({ error: SHARE }).min(0, { error: SHARE }).max(1, { error: SHARE })).optional(),
  OTEL_BSP_SCHEDULE_DELAY: Milliseconds.default(DEFAULT_DELAY_MS),
  OTEL_BSP_MAX_QUEUE_SIZE: z.coerce.number({ error: 'must be a number of spans, 512 or more' }).int().min(512, { error: 'must be a number of spans, 512 or more' }).default(DEFAULT_QUEUE),
  OTEL_METRIC_EXPORT_INTERVAL: Milliseconds.min(1_000, { error: 'must be 1000 milliseconds or more' }).default(DEFAULT_INTERVAL_MS),
  TRACES_SLOW_MS: Milliseconds.default(DEFAULT_SLOW_MS),
});

export interface TelemetryConfig {
  /** Spans leave by OTLP. */
  readonly traces: boolean;
  readonly metrics: { readonly otlp: boolean; readonly prometheus: boolean; readonly everyMs: number };
  /** How long spans wait for company, in ms, and how many at most; what is beyond is dropped. */
  readonly queue: { readonly delayMs: number; readonly spans: number };
  /** Of the traces that begin here, 0 to 1, and at most so many of them. */
  readonly ratio: number;
  readonly perSecond: number;
  readonly slowMs: number;
}

/** Reads OpenTelemetry's own variables: without an endpoint, and without Prometheus asked for, everything is off. Throws a ConfigError. */
export function readTelemetryConfig(environment: NodeJS.ProcessEnv = process.env): TelemetryConfig {
  const env = readConfig(Environment, environment);
  const isOn = env.OTEL_SDK_DISABLED === 'false';
  const isSent = (endpoint: string | undefined) => isOn && (endpoint ?? env.OTEL_EXPORTER_OTLP_ENDPOINT) !== undefined;
  return {
    traces: env.OTEL_TRACES_EXPORTER === 'otlp' && isSent(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT),
    metrics: {
      otlp: env.OTEL_METRICS_EXPORTER.includes('otlp') && isSent(env.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT),
      prometheus: isOn && env.OTEL_METRICS_EXPORTER.includes('prometheus'),
      everyMs: env.OTEL_METRIC_EXPORT_INTERVAL,
    },
    queue: { delayMs: env.OTEL_BSP_SCHEDULE_DELAY, spans: env.OTEL_BSP_MAX_QUEUE_SIZE },
    ...shareOf(env.OTEL_TRACES_SAMPLER, env.OTEL_TRACES_SAMPLER_ARG),
    slowMs: env.TRACES_SLOW_MS,
  };
}

/** Whoever names a share has it, however much that is. */
function shareOf(sampler: (typeof SAMPLERS)[number], given: number | undefined): { ratio: number; perSecond: number } {
  const exactly = (ratio: number) => ({ ratio, perSecond: Number.POSITIVE_INFINITY });
  if (sampler.endsWith('always_on')) return exactly(1);
  if (sampler.endsWith('always_off')) return exactly(0);
  return given === undefined ? { ratio: DEFAULT_RATIO, perSecond: DEFAULT_PER_SECOND } : exactly(given);
}
