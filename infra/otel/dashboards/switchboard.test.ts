import { describe, expect, it } from '@jest/globals';
import { dashboardFile, textOf } from '../files.ts';
import { place } from './grid.ts';
import { row, stat, timeseries } from './panel.ts';
import { dashboardText, switchboard } from './switchboard.ts';

const { panels, templating, schemaVersion, uid, links } = switchboard();
const charts = panels.filter((panel) => 'targets' in panel);

interface Square { readonly x: number; readonly y: number; readonly w: number; readonly h: number }

const overlap = (a: Square, b: Square): boolean => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

const overlaps = (squares: readonly Square[]) => squares.flatMap((a, index) => squares.slice(index + 1).filter((b) => overlap(a, b)).map((b) => [a, b]));

describe('the dashboard', () => {
  it('is what its source says; otherwise: node infra/otel/dashboards/main.ts', () => {
    expect(textOf(dashboardFile)).toBe(dashboardText());
  });

  it('has a row for the whole, for each process, and for what they stand on', () => {
    expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual(['Overview', 'gateway', 'chat-service', 'message-service', 'presence-service', 'NATS', 'Postgres', 'Integration events', 'Webhooks']);
  });

  it('can be found, asks for a source of data and for processes, and leads to OPERATIONS.md', () => {
    expect({ uid, schemaVersion }).toEqual({ uid: 'switchboard', schemaVersion: expect.any(Number) });
    expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'instance', 'operations']);
    expect(links.map(({ url }) => url)).toEqual(['${operations}']);
  });

  it('gives each panel an id of its own, within the columns, and none lies on another', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    expect(overlaps(panels.map(({ gridPos }) => gridPos))).toEqual([]);
  });

  it.each(charts.map((panel) => [`${String(panel.id)} ${panel.title}`, panel] as const))('explains panel %s', (_name, { description, fieldConfig, targets }) => {
    expect(description).toMatch(/\.$/);
    expect(fieldConfig.defaults.unit).not.toBe('');
    expect(targets.length).toBeGreaterThan(0);
    expect(targets.map(({ legendFormat }) => legendFormat)).not.toContain('');
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  });

  it('names in a legend only labels that its expression keeps', () => {
    for (const { targets } of charts) {
      for (const { expr, legendFormat } of targets) {
        const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels]) => labels!.split(', '));
        expect(kept).toEqual(expect.arrayContaining([...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label)));
      }
    }
  });
});

describe('the grid', () => {
  const panel = (width: number) => timeseries('t', 's', 'd.', [], { width });

  it('fills a line before it begins the next, and a row below all of the one before', () => {
    const placed = place([row('a', [panel(12), panel(12), panel(8)]), row('b', [panel(24)])]);
    expect(placed.map(({ at }) => [at.x, at.y])).toEqual([[0, 0], [0, 1], [12, 1], [0, 9], [0, 17], [0, 18]]);
  });

  it('makes a line as high as the highest in it', () => {
    const placed = place([row('a', [stat('s', 's', 'd.', [], { width: 12 }), panel(12), panel(24)])]);
    expect(placed.at(-1)?.at.y).toBe(9);
  });

  it('would be caught lying over itself', () => {
    expect(overlaps([{ x: 0, y: 0, w: 8, h: 8 }, { x: 7, y: 7, w: 8, h: 8 }])).toHaveLength(1);
  });
});
