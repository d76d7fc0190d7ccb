import type { Context } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

/** Between Switchboard's own processes. https://www.w3.org/TR/trace-context/ */
export { W3CTraceContextPropagator as InnerPropagator } from '@opentelemetry/core';

/**
 * Ignores the `traceparent` of clients, which would decide what is recorded here and mix foreign traces with
 * ours. The span links to it instead.
 */
export class EdgePropagator extends W3CTraceContextPropagator {
  override extract(context: Context): Context {
    return context;
  }
}
