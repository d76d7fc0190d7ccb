import { readFileSync } from 'node:fs';
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
  type Resource,
} from '@opentelemetry/resources';
import {
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_NAMESPACE,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions';
import { z } from 'zod';
import type { Logger } from '../logger.ts';
import type { ProcessIdentity } from './telemetry.ts';

const Manifest = z.object({ version: z.string() });

/**
 * Identifies this process on every span and metric. OTEL_RESOURCE_ATTRIBUTES adds to it and overrides it, and
 * OTEL_SERVICE_NAME overrides both.
 */
export function resourceOf({ service, instance }: ProcessIdentity, logger: Logger): Resource {
  const { version } = Manifest.parse(
    JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')),
  );
  return resourceFromAttributes({
    [ATTR_SERVICE_NAMESPACE]: 'switchboard',
    [ATTR_SERVICE_NAME]: service,
    [ATTR_SERVICE_VERSION]: version,
    [ATTR_SERVICE_INSTANCE_ID]: instance,
  })
    .merge(givenAttributes(logger))
    .merge(detectResources({ detectors: [serviceNameEnvDetector] }));
}

/** OpenTelemetry discards the whole variable, in silence, when a part of it is wrong. */
function givenAttributes(logger: Logger): Resource {
  const given = detectResources({ detectors: [resourceAttributesEnvDetector] });
  const isSet = (process.env['OTEL_RESOURCE_ATTRIBUTES'] ?? '').trim() !== '';
  if (isSet && Object.keys(given.attributes).length === 0)
    logger.warn(
      'telemetry: ignored OTEL_RESOURCE_ATTRIBUTES; it must be name=value pairs with commas between',
    );
  return given;
}
