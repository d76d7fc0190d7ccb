import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { expressionsOf } from './dashboards/dashboard.ts';
import { switchboard } from './dashboards/switchboard.ts';
import { prometheusFolder, rulesTestFile, textOf } from './files.ts';
import { recordingsNamed } from './metrics-named.ts';
import { operationsExpressions, operationsPages } from './operations.ts';
import { complaintsOf, findPromtool } from './promtool.ts';
import { alerts, recordings } from './rules.ts';

const promtool = await findPromtool();
const file = 'file' in promtool ? promtool.file : '';
const checks = 'file' in promtool ? it : it.skip;
if ('missing' in promtool) console.warn(`Not checked by promtool: ${promtool.missing}.`);

describe('file' in promtool ? 'promtool' : `promtool: SKIPPED, ${promtool.missing}`, () => {
  let folder: string;
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'switchboard-rules-')); });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  checks.each([
    ['the configuration', ['check', 'config', 'prometheus.yml']],
    ['the configuration behind a Collector', ['check', 'config', 'collected.yml']],
    ['the rules', ['check', 'rules', 'rules.yml']],
    ['each alert: it fires, it clears, and not without traffic', ['test', 'rules', 'rules.test.yml']],
  ])('is content with %s', async (_what, args) => {
    expect(await complaintsOf(file, args, prometheusFolder)).toBe('');
  }, 120_000);

  checks.each([
    ['the dashboard', expressionsOf(switchboard())],
    ['OPERATIONS.md', operationsExpressions()],
  ])('can read every expression of %s', async (_where, expressions) => {
    expect(expressions).not.toEqual([]);
    const rules = expressions.map((expr, index) => ({ record: `asked:${String(index)}`, expr: filledIn(expr) }));
    await writeFile(join(folder, 'asked.yml'), JSON.stringify({ groups: [{ name: 'asked', rules }] }));
    expect(await complaintsOf(file, ['check', 'rules', 'asked.yml'], folder)).toBe('');
  });
});

/** As Grafana fills its variables in. */
const filledIn = (expr: string): string => expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*');

describe('an alert', () => {
  it.each(alerts().map((alert) => [alert.alert, alert] as const))('%s says what it means, why, and where to read on', (name, { annotations }) => {
    expect(annotations).toMatchObject({ summary: expect.any(String), description: expect.stringContaining('{{'), runbook: `infra/OPERATIONS.md#${name.toLowerCase()}` });
    expect(Object.keys(annotations).filter((key) => ['objective', 'reason'].includes(key))).toHaveLength(1);
  });

  it('has a page in OPERATIONS.md, and no page is without its alert', () => {
    expect(operationsPages().sort()).toEqual(alerts().map(({ alert }) => alert.toLowerCase()).sort());
  });
});

const Tests = z.object({
  tests: z.array(z.object({ name: z.string(), promql_expr_test: z.array(z.object({ expr: z.string(), eval_time: z.string(), exp_samples: z.array(z.unknown()) })) })),
});

describe('rules.test.yml', () => {
  const { tests } = Tests.parse(parse(textOf(rulesTestFile)));

  it.each(alerts().map(({ alert }) => alert))('shows %s fire and then clear', (name) => {
    const looks = tests.filter((test) => test.name === name).flatMap((test) => test.promql_expr_test);
    const fires = looks.findIndex(({ expr, exp_samples }) => expr === `ALERTS{alertname="${name}",alertstate="firing"}` && exp_samples.length > 0);
    const clears = looks.findLastIndex(({ expr, exp_samples }) => expr === `ALERTS{alertname="${name}"}` && exp_samples.length === 0);
    expect(fires).toBeGreaterThanOrEqual(0);
    expect(clears).toBeGreaterThan(fires);
  });

  it('shows that none of them even begins to without traffic', () => {
    const idle = tests.filter(({ name }) => name.startsWith('nothing fires without traffic')).map((test) => test.promql_expr_test.filter(({ expr }) => expr === 'ALERTS'));
    expect(idle).toHaveLength(2);
    for (const looks of idle) expect(looks).toEqual(expect.arrayContaining([expect.objectContaining({ exp_samples: [] })]));
  });
});

it('records whatever the dashboard, an alert or OPERATIONS.md takes from a rule', () => {
  const recorded = new Set(recordings().map(({ record }) => record));
  expect(recordingsNamed().filter((name) => !recorded.has(name))).toEqual([]);
});
