import { readFileSync } from 'node:fs';
import { detectResources, resourceAttributesEnvDetector, resourceFromAttributes, type Resource } from '@opentelemetry/resources';
import { ATTR_SERVICE_INSTANCE_ID, ATTR_SERVICE_NAME, ATTR_SERVICE_NAMESPACE, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import { z } from 'zod';
import type { TelemetryOf } from './telemetry.ts';

const Manifest = z.object({ version: z.string() });

/** Who speaks, on every span and metric; OTEL_RESOURCE_ATTRIBUTES adds to it and overrides it. */
export function resourceOf({ service, instance }: TelemetryOf): Resource {
  const { version } = Manifest.parse(JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')));
  return resourceFromAttributes({
    [ATTR_SERVICE_NAMESPACE]: 'switchboard',
    [ATTR_SERVICE_NAME]: service,
    [ATTR_SERVICE_VERSION]: version,
    [ATTR_SERVICE_INSTANCE_ID]: instance,
  }).merge(detectResources({ detectors: [resourceAttributesEnvDetector] }));
}
