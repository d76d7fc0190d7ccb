import type { Context } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

/** Between processes of ours. https://www.w3.org/TR/trace-context/ */
export { W3CTraceContextPropagator as InnerPropagator } from '@opentelemetry/core';

/** A stranger's `traceparent` would decide what is recorded here, and mix their traces with ours: it is linked to instead. */
export class EdgePropagator extends W3CTraceContextPropagator {
  override extract(context: Context): Context {
    return context;
  }
}
