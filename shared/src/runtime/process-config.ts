import type { z } from 'zod';
import { ConfigError } from '../config-error.ts';
import { readConfig } from './config.ts';
import { natsMistakes } from './nats-access.ts';
import { readTelemetryConfig } from './otel/config.ts';

/** What a service's config.ts exports. */
export interface Configuration<S extends z.ZodObject> {
  readonly Config: S;
  /** Mistakes outside the text of the variables, such as a folder without rights. Changes nothing. */
  readonly check?: (environment: NodeJS.ProcessEnv) => readonly string[];
}

/**
 * Reads a process's own variables and those of telemetry. Throws one ConfigError with all mistakes.
 */
export function readProcessConfig<S extends z.ZodObject>(
  { Config, check = () => [] }: Configuration<S>,
  environment: NodeJS.ProcessEnv = process.env,
): z.output<S> {
  const mistakes = [
    ...mistakesOf(() => readConfig(Config, environment)),
    ...('NATS_URL' in Config.shape ? natsMistakes(environment) : []),
    ...mistakesOf(() => readTelemetryConfig(environment)),
    ...check(environment),
  ];
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return readConfig(Config, environment);
}

/** The mistakes of a ConfigError; empty when there is none. */
export function mistakesOf(read: () => unknown): readonly string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
}
