import { describe, expect, it } from '@jest/globals';
import { charts, dashboard } from './dashboard.ts';
import { dashboardFile, textOf } from './files.ts';
import { dashboardText } from '../../../deploy/otel/dashboards/switchboard.ts';

const { panels, templating, schemaVersion, uid, links } = dashboard;

interface Square {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

const overlap = (a: Square, b: Square): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

const overlaps = (squares: readonly Square[]) =>
  squares.flatMap((a, index) =>
    squares
      .slice(index + 1)
      .filter((b) => overlap(a, b))
      .map((b) => [a, b]),
  );

describe('the dashboard', () => {
  it('matches its source; after a change run node infra/deploy/otel/dashboards/main.ts', () => {
    expect(textOf(dashboardFile)).toBe(dashboardText());
  });

  it('has a row for the overview, for each service and for each dependency', () => {
    expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      'Overview',
      'gateway',
      'chat-service',
      'message-service',
      'presence-service',
      'NATS',
      'Postgres',
      'Integration events',
      'Webhooks',
    ]);
  });

  it('has a uid, variables for data source and processes, and a link to the operations pages', () => {
    expect({ uid, schemaVersion }).toEqual({ uid: 'switchboard', schemaVersion: expect.any(Number) });
    expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'instance', 'operations']);
    expect(links.map(({ url }) => url)).toEqual(['${operations}']);
  });

  it('gives each panel its own id and a place within 24 columns, without overlaps', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    expect(overlaps(panels.map(({ gridPos }) => gridPos))).toEqual([]);
  });

  it.each(charts.map((panel) => [`${String(panel.id)} ${panel.title}`, panel] as const))(
    'has a description, a unit and legends in panel %s',
    (_name, { description, fieldConfig, targets }) => {
      expect(description).toMatch(/\.$/);
      expect(fieldConfig.defaults.unit).not.toBe('');
      expect(targets.length).toBeGreaterThan(0);
      expect(targets.map(({ legendFormat }) => legendFormat)).not.toContain('');
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    },
  );

  it('uses in a legend only labels that the expression keeps', () => {
    for (const { targets } of charts) {
      for (const { expr, legendFormat } of targets) {
        const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels]) => labels!.split(', '));
        expect(kept).toEqual(
          expect.arrayContaining([...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label)),
        );
      }
    }
  });
});

describe('the search for overlaps', () => {
  it('finds two panels that overlap', () => {
    expect(
      overlaps([
        { x: 0, y: 0, w: 8, h: 8 },
        { x: 7, y: 7, w: 8, h: 8 },
      ]),
    ).toHaveLength(1);
  });
});
