import type { z } from 'zod';
import { Setting } from './machine.ts';
import { Outcome } from './outcome.ts';

/** A scenario's outcome and its setting. */
export const Result = Outcome.extend({ setting: Setting });
export type Result = z.output<typeof Result>;
