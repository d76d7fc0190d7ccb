import { parse } from 'yaml';
import { z } from 'zod';
import { rulesFile, textOf } from './files.ts';

const Recording = z.strictObject({ record: z.string(), expr: z.string() });
const Alert = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string(),
  labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
  annotations: z.record(z.string(), z.string()),
});
const Rules = z.object({
  groups: z.array(z.object({ name: z.string(), rules: z.array(z.union([Recording, Alert])) })),
});

export type Recording = z.output<typeof Recording>;
export type Alert = z.output<typeof Alert>;

const rules = (): (Alert | Recording)[] =>
  Rules.parse(parse(textOf(rulesFile))).groups.flatMap((group) => group.rules);

export const recordings = (): Recording[] => rules().filter((rule) => 'record' in rule);
export const alerts = (): Alert[] => rules().filter((rule) => 'alert' in rule);
export const ruleExpressions = (): string[] => rules().map(({ expr }) => expr);
