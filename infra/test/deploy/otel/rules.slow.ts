import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { dashboardExpressions } from './dashboard.ts';
import { prometheusFolder, rulesTestFile, textOf } from './files.ts';
import { recordingsNamed } from './metrics-named.ts';
import { alertPages, docsExpressions, listedAlerts } from './operations.ts';
import { complaintsOf, findPromtool } from './debian-tool.ts';
import { alerts, recordings } from './rules.ts';

const promtool = await findPromtool();
const file = 'file' in promtool ? promtool.file : '';
const checks = 'file' in promtool ? it : it.skip;
if ('missing' in promtool) console.warn(`The checks of promtool were skipped: ${promtool.missing}.`);

describe('file' in promtool ? 'promtool' : `promtool: SKIPPED, ${promtool.missing}`, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'switchboard-rules-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  checks.each([
    ['the configuration', ['check', 'config', 'prometheus.yml']],
    ['the configuration behind a Collector', ['check', 'config', 'collected.yml']],
    ['the rules', ['check', 'rules', 'rules.yml']],
    [
      'the tests of each alert: it fires, clears, and stays silent without traffic',
      ['test', 'rules', 'rules.test.yml'],
    ],
  ])(
    'accepts %s',
    async (_what, args) => {
      expect(await complaintsOf(file, args, prometheusFolder)).toBe('');
    },
    120_000,
  );

  checks.each([
    ['the dashboard', dashboardExpressions()],
    ['the docs', docsExpressions()],
  ])('parses every expression of %s', async (_where, expressions) => {
    expect(expressions).not.toEqual([]);
    const rules = expressions.map((expr, index) => ({
      record: `parsed:${String(index)}`,
      expr: filledIn(expr),
    }));
    await writeFile(join(folder, 'parsed.yml'), JSON.stringify({ groups: [{ name: 'parsed', rules }] }));
    expect(await complaintsOf(file, ['check', 'rules', 'parsed.yml'], folder)).toBe('');
  });
});

/** Fills variables in as Grafana does. */
const filledIn = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*');

const byFile = (one: { file: string }, other: { file: string }): number => one.file.localeCompare(other.file);

describe('an alert', () => {
  it.each(alerts().map((alert) => [alert.alert, alert] as const))(
    '%s states its meaning, its reason and its page',
    (name, { annotations }) => {
      expect(annotations).toMatchObject({
        summary: expect.any(String),
        description: expect.stringContaining('{{'),
        runbook: `infra/docs/operations/alerts/${name.toLowerCase()}.md`,
        runbook_url: `{{ with $externalLabels.runbook_base }}{{ . }}/${name.toLowerCase()}.md{{ end }}`,
      });
      expect(Object.keys(annotations).filter((key) => ['objective', 'reason'].includes(key))).toHaveLength(1);
    },
  );

  it('on a ratio or a quantile also requires a number of occurrences, since one of few is a large share', () => {
    const onShares = alerts().filter(({ expr }) => /(^|\s)\/ |:ratio_|:p99_|histogram_quantile/.test(expr));
    expect(onShares.map(({ alert }) => alert)).toEqual([
      'SendsFailingFast',
      'SendsFailingSlowly',
      'DeliverySlow',
      'RepeatedGaps',
      'PostgresFailing',
    ]);
    for (const { expr } of onShares) expect(expr).toMatch(/\n\s*and .*increase.* >= \d+\s*$/);
  });

  it('has a page with its name, its severity and the four sections, and no page is without its alert', () => {
    expect(alertPages().sort(byFile)).toEqual(
      alerts()
        .map(({ alert, labels }) => ({
          file: alert.toLowerCase(),
          title: alert,
          severity: labels.severity,
          sections: ['Meaning', 'Users notice', 'First look', 'Remedy'],
        }))
        .sort(byFile),
    );
  });

  it('is listed in the index of operations, in the order of the rules', () => {
    expect(listedAlerts()).toEqual(
      alerts().map(({ alert, labels }) => ({
        alert,
        link: `alerts/${alert.toLowerCase()}.md`,
        severity: labels.severity,
      })),
    );
  });
});

const Tests = z.object({
  tests: z.array(
    z.object({
      name: z.string(),
      promql_expr_test: z
        .array(z.object({ expr: z.string(), eval_time: z.string(), exp_samples: z.array(z.unknown()) }))
        .default([]),
    }),
  ),
});

describe('rules.test.yml', () => {
  const { tests } = Tests.parse(parse(textOf(rulesTestFile)));

  it.each(alerts().map(({ alert }) => alert))('shows that %s fires and then clears', (name) => {
    const looks = tests.filter((test) => test.name === name).flatMap((test) => test.promql_expr_test);
    const fires = looks.findIndex(
      ({ expr, exp_samples }) =>
        expr === `ALERTS{alertname="${name}",alertstate="firing"}` && exp_samples.length > 0,
    );
    const clears = looks.findLastIndex(
      ({ expr, exp_samples }) => expr === `ALERTS{alertname="${name}"}` && exp_samples.length === 0,
    );
    expect(fires).toBeGreaterThanOrEqual(0);
    expect(clears).toBeGreaterThan(fires);
  });

  it('shows that no alert becomes pending without traffic', () => {
    const idle = tests
      .filter(({ name }) => name.startsWith('nothing fires without traffic'))
      .map((test) => test.promql_expr_test.filter(({ expr }) => expr === 'ALERTS'));
    expect(idle).toHaveLength(2);
    for (const looks of idle)
      expect(looks).toEqual(expect.arrayContaining([expect.objectContaining({ exp_samples: [] })]));
  });
});

it('records every series that the dashboard, an alert or the docs take from a rule', () => {
  const recorded = new Set(recordings().map(({ record }) => record));
  expect(recordingsNamed().filter((name) => !recorded.has(name))).toEqual([]);
});
