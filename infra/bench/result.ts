import type { z } from 'zod';
import { Setting } from './machine.ts';
import { Outcome } from './outcome.ts';

/** What came of a scenario, and where. */
export const Result = Outcome.extend({ setting: Setting });
export type Result = z.output<typeof Result>;
