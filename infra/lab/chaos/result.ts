import { z } from 'zod';

export const Result = z.object({
  /** Day of the run. */
  on: z.iso.date(),
  fault: z.string(),
  seed: z.number(),
  notHere: z.string().optional(),
  complaints: z.array(z.string()),
  notes: z.array(z.string()),
  recoveryMs: z.number().optional(),
  sends: z.object({ ok: z.number(), fail: z.number(), info: z.number() }),
});
/** The latest result of one fault that was saved for the report. */
export type Result = z.output<typeof Result>;
