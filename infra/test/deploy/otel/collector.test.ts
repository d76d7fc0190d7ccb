import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { collectorFile, textOf } from './files.ts';

const Components = z.record(z.string(), z.unknown());
const Names = z.array(z.string());
const Collector = z.strictObject({
  receivers: Components,
  processors: Components,
  exporters: Components,
  extensions: Components,
  service: z.strictObject({
    extensions: Names,
    pipelines: z.record(
      z.string(),
      z.strictObject({ receivers: Names, processors: Names, exporters: Names }),
    ),
  }),
});

const collector = Collector.parse(parse(textOf(collectorFile)));
const { pipelines } = collector.service;
const kinds = ['receivers', 'processors', 'exporters'] as const;

describe('the Collector', () => {
  it.each(Object.entries(pipelines))('declares every component of its pipeline %s', (_name, pipeline) => {
    for (const kind of kinds)
      for (const name of pipeline[kind]) expect(Object.keys(collector[kind])).toContain(name);
  });

  it('uses every component that it declares', () => {
    for (const kind of kinds) {
      const used = new Set(Object.values(pipelines).flatMap((pipeline) => pipeline[kind]));
      expect([...used].sort()).toEqual(Object.keys(collector[kind]).sort());
    }
    expect(Object.keys(collector.extensions)).toEqual(collector.service.extensions);
  });

  it('guards its memory first, and batches last', () => {
    for (const { processors } of Object.values(pipelines)) {
      expect(processors.at(0)).toBe('memory_limiter');
      expect(processors.at(-1)).toBe('batch');
    }
  });

  it('exports metrics with the names and labels that rules and dashboards use', () => {
    expect(collector.exporters['prometheus']).toMatchObject({
      add_metric_suffixes: true,
      resource_to_telemetry_conversion: { enabled: true },
    });
  });
});
