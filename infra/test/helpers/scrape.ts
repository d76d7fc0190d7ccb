import { parseJson, isRecord } from '../../dev/json.ts';
import { readIfThere } from '../../dev/files.ts';
import { join } from 'node:path';
import type { TestSystem } from './system.ts';

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** The metrics of one process, as Prometheus reads them. */
export class Scrape {
  readonly samples: readonly Sample[];

  constructor(text: string) {
    this.samples = text
      .split('\n')
      .flatMap((line) => (line === '' || line.startsWith('#') ? [] : [sampleOf(line)]));
  }

  get names(): ReadonlySet<string> {
    return new Set(this.samples.map(({ name }) => name));
  }

  /** The sum of all samples with this name and these labels. */
  sum(name: string, labels: Record<string, string> = {}): number {
    return this.samples
      .filter(
        (sample) =>
          sample.name === name &&
          Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
      )
      .reduce((sum, { value }) => sum + value, 0);
  }
}

/** The port of the internal server of a process. */
export function internalPort(system: TestSystem, instance: string): number {
  const ports = parseJson(readIfThere(join(system.dataDir, 'ports.json')) ?? '');
  const port = isRecord(ports) ? ports[instance] : undefined;
  if (typeof port !== 'number') throw new Error(`${instance} has no port`);
  return port;
}

export async function scrape(system: TestSystem, instance: string): Promise<Scrape> {
  const response = await fetch(`http://127.0.0.1:${internalPort(system, instance).toString()}/metrics`);
  if (!response.ok) throw new Error(`${instance} responded ${response.status}: ${await response.text()}`);
  return new Scrape(await response.text());
}

function sampleOf(line: string): Sample {
  const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === '') throw new Error(`no sample: ${line}`);
  return {
    name,
    value: Number(value),
    labels: Object.fromEntries(
      [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text]),
    ),
  };
}
