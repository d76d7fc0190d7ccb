import { createRequire } from 'node:module';
import type * as Protobuf from 'protobufjs';
import { z } from 'zod';

// OTLP as far as the tests read it: https://github.com/open-telemetry/opentelemetry-proto

export type Signal = 'traces' | 'metrics';

const SCHEMA = `
  syntax = "proto3";
  message AnyValue { string stringValue = 1; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message Span { string name = 5; }
  message ScopeSpans { repeated Span spans = 2; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scopeSpans = 2; }
  message traces { repeated ResourceSpans resourceSpans = 1; }
  message Metric { string name = 1; }
  message ScopeMetrics { repeated Metric metrics = 2; }
  message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scopeMetrics = 2; }
  message metrics { repeated ResourceMetrics resourceMetrics = 1; }
`;

// Its types describe an ES module, but it is CommonJS.
const protobuf: typeof Protobuf = createRequire(import.meta.url)('protobufjs');
const { root } = protobuf.parse(SCHEMA);

const Named = z.array(z.object({ name: z.string() })).default([]);
const Resource = z.object({
  attributes: z.array(z.object({ key: z.string(), value: z.object({ stringValue: z.string() }) })),
});
const Export = z.union([
  z.object({
    resourceSpans: z.array(z.object({ resource: Resource, scopeSpans: z.array(z.object({ spans: Named })) })),
  }),
  z.object({
    resourceMetrics: z.array(
      z.object({ resource: Resource, scopeMetrics: z.array(z.object({ metrics: Named })) }),
    ),
  }),
]);

export interface Decoded {
  /** The names of the spans or of the metrics. */
  readonly names: readonly string[];
  readonly resource: Readonly<Record<string, string>>;
}

export const fromProtobuf = (signal: Signal, bytes: Uint8Array): Decoded =>
  decode(root.lookupType(signal).toObject(root.lookupType(signal).decode(bytes)));

export function decode(document: unknown): Decoded {
  const request = Export.parse(document);
  const resources = 'resourceSpans' in request ? request.resourceSpans : request.resourceMetrics;
  return {
    names: resources.flatMap((one) =>
      'scopeSpans' in one
        ? one.scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name))
        : one.scopeMetrics.flatMap(({ metrics }) => metrics.map(({ name }) => name)),
    ),
    resource: Object.fromEntries(
      resources.flatMap(({ resource }) =>
        resource.attributes.map(({ key, value }) => [key, value.stringValue]),
      ),
    ),
  };
}
