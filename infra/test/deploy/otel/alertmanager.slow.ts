import { describe, expect, it } from '@jest/globals';
import { dirname } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { complaintsOf, findAmtool } from './debian-tool.ts';
import { alertmanagerFile, textOf } from './files.ts';
import { alerts } from './rules.ts';

const amtool = await findAmtool();
const checks = 'file' in amtool ? it : it.skip;
if ('missing' in amtool) console.warn(`The checks of amtool were skipped: ${amtool.missing}.`);
const run = (...args: string[]): Promise<string> =>
  complaintsOf('file' in amtool ? amtool.file : '', args, dirname(alertmanagerFile));

const Matchers = z.tuple([z.string()]);
const { inhibit_rules: inhibitions } = z
  .object({
    inhibit_rules: z.array(
      z.object({
        source_matchers: Matchers,
        target_matchers: Matchers,
        equal: z.array(z.string()).optional(),
      }),
    ),
  })
  .parse(parse(textOf(alertmanagerFile)));

const namesIn = ([matcher]: z.output<typeof Matchers>): string[] =>
  /^alertname =~? "?([\w|]+)"?$/.exec(matcher)?.[1]?.split('|') ?? [];

describe('Alertmanager', () => {
  checks('accepts the configuration', async () => {
    expect(await run('check-config', 'alertmanager.yml')).toBe('');
  });

  checks.each([
    ['page', 'pages'],
    ['ticket', 'tickets'],
  ])('sends a %s to %s', async (severity, receiver) => {
    expect(
      await run(
        ...['config', 'routes', 'test', '--config.file=alertmanager.yml'],
        ...[`--verify.receivers=${receiver}`, `severity=${severity}`],
      ),
    ).toBe('');
  });

  it('inhibits alerts that exist, by alerts that exist', () => {
    const known = new Set(alerts().map(({ alert }) => alert));
    for (const { source_matchers, target_matchers } of inhibitions) {
      const named = [namesIn(source_matchers), namesIn(target_matchers)];
      for (const names of named) expect(names).not.toEqual([]);
      expect(named.flat().filter((name) => !known.has(name))).toEqual([]);
    }
  });

  it('never inhibits a cause, so that one notification is always left', () => {
    const targets = inhibitions.flatMap(({ target_matchers }) => namesIn(target_matchers));
    for (const cause of ['NatsDisconnected', 'ServiceMissing', 'PostgresFailing'])
      expect(targets).not.toContain(cause);
  });
});
