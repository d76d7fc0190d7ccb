import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { charts, dashboard } from './dashboard.ts';
import { composeFile, provisionedDashboardsFile, provisionedSourcesFile, textOf } from './files.ts';

const Source = z.strictObject({
  name: z.string(),
  uid: z.string(),
  type: z.enum(['prometheus', 'jaeger']),
  url: z.url(),
  isDefault: z.boolean().optional(),
  jsonData: z.record(z.string(), z.unknown()).optional(),
});
const Sources = z.strictObject({ apiVersion: z.literal(1), datasources: z.array(Source) });
const Provider = z.strictObject({
  name: z.string(),
  type: z.literal('file'),
  options: z.strictObject({ path: z.string() }),
});
const Providers = z.strictObject({ apiVersion: z.literal(1), providers: z.tuple([Provider]) });
const Compose = z.object({
  services: z.record(
    z.string(),
    z.object({ networks: z.array(z.string()).optional(), volumes: z.array(z.string()).optional() }),
  ),
});

const { datasources } = Sources.parse(parse(textOf(provisionedSourcesFile)));
const {
  providers: [provider],
} = Providers.parse(parse(textOf(provisionedDashboardsFile)));
const { services } = Compose.parse(parse(textOf(composeFile), { merge: true }));
const grafana = services['grafana'];

describe('Grafana in docker-compose.yml', () => {
  it('has one data source of the type that the dashboard offers, and it is the default', () => {
    expect(dashboard.templating.list.filter(({ type }) => type === 'datasource')).toEqual([
      expect.objectContaining({ name: 'datasource', query: 'prometheus' }),
    ]);
    expect(new Set(charts.map(({ datasource }) => datasource.uid))).toEqual(new Set(['${datasource}']));
    expect(datasources.filter(({ isDefault, type }) => isDefault === true || type === 'prometheus')).toEqual([
      expect.objectContaining({ isDefault: true, type: 'prometheus' }),
    ]);
  });

  it.each(datasources.map(({ url }) => new URL(url).hostname))('reaches %s', (host) => {
    expect(services[host]?.networks?.some((network) => grafana?.networks?.includes(network))).toBe(true);
  });

  it('looks for the dashboard where it is mounted', () => {
    expect(grafana?.volumes).toContain(
      `./infra/deploy/otel/grafana/switchboard.json:${provider.options.path}/switchboard.json:ro`,
    );
    expect(grafana?.volumes).toContain(
      './infra/deploy/otel/grafana/provisioning:/etc/grafana/provisioning:ro',
    );
  });
});
