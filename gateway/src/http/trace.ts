import { newTrace, type Trace } from '@switchboard/shared/bus';
import type { Telemetry } from '@switchboard/shared/runtime';
import type { Response } from 'express';

const localsOf = (response: Response): { trace?: Trace } => response.locals;

/** The first thing done for a request. */
export const beginTrace = (response: Response, telemetry: Telemetry): Trace => (localsOf(response).trace = telemetry.traceAtHand() ?? newTrace());

/** The trace of a request; every problem document names it. */
export const traceOf = (response: Response): Trace => (localsOf(response).trace ??= newTrace());
