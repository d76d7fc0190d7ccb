import { parseJson, isRecord } from '../local/json.ts';
import { readIfThere } from '../local/files.ts';
import { join } from 'node:path';
import type { TestSystem } from '../testing/index.ts';

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** What a process tells Prometheus. */
export class Scrape {
  readonly samples: readonly Sample[];

  constructor(text: string) {
    this.samples = text.split('\n').flatMap((line) => (line === '' || line.startsWith('#') ? [] : [sampleOf(line)]));
  }

  get names(): ReadonlySet<string> {
    return new Set(this.samples.map(({ name }) => name));
  }

  /** Of all samples of a name that have these labels. */
  sum(name: string, labels: Record<string, string> = {}): number {
    return this.samples
      .filter((sample) => sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
  }
}

export async function scrape(system: TestSystem, instance: string): Promise<Scrape> {
  const ports = parseJson(readIfThere(join(system.dataDir, 'ports.json')) ?? '');
  const port = isRecord(ports) ? ports[instance] : undefined;
  const response = await fetch(`http://127.0.0.1:${String(port)}/metrics`);
  if (!response.ok) throw new Error(`${instance} answers ${response.status}: ${await response.text()}`);
  return new Scrape(await response.text());
}

function sampleOf(line: string): Sample {
  const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === '') throw new Error(`no sample: ${line}`);
  return { name, value: Number(value), labels: Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text])) };
}
