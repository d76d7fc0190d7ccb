import { beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { programNames } from '../../../dev/topology/names.ts';
import { lockfileFindings } from '../../supply/lockfile.ts';
import { manifestFindings, npmrcFindings } from '../../supply/manifest.ts';
import { findHelm, lint, render, TOOLS_MISSING, toolsFolder } from './helm.ts';
import { manifestsOf } from './rendered.ts';
import { canValidate, complaintsOf } from './validate.ts';
import { variants } from './variants.ts';

const helm = findHelm() ?? '';
const withHelm = helm === '' ? it.skip : it;
const withTools = helm !== '' && canValidate ? it : it.skip;
if (helm === '' || !canValidate) console.warn(`The tests of the chart were skipped: ${TOOLS_MISSING}`);

describe(helm === '' ? `the chart: SKIPPED, ${TOOLS_MISSING}` : 'the chart', () => {
  const rendered = new Map<string, unknown[]>();
  const complaints = new Map<string, string[]>();
  beforeAll(async () => {
    if (helm === '' || !canValidate) return;
    for (const variant of variants) rendered.set(variant.title, manifestsOf(await render(helm, variant)));
    const all = [...rendered].flatMap(([title, manifests]) =>
      manifests.map((manifest) => ({ title, manifest })),
    );
    const found = await complaintsOf(all.map(({ manifest }) => manifest));
    for (const [index, { title }] of all.entries())
      complaints.set(title, [...(complaints.get(title) ?? []), ...(found[index] ?? [])]);
  });

  withHelm.each(programNames)("passes helm's strict linter with %s", async (service) => {
    expect(await lint(helm, { service })).toContain('0 chart(s) failed');
  });

  withTools.each(variants.map(({ title }) => title))('renders valid manifests: %s', (title) => {
    expect(rendered.get(title)?.length).toBeGreaterThan(2);
    expect(complaints.get(title)).toEqual([]);
  });

  withHelm.each([
    'image.tga=1.2.3',
    'secretKey={A}',
    'autoscaling.maxReplica=3',
    'network.form={dns}',
    'migration.enable=true',
    'metrics.serviceMonitor.enable=true',
    'volume.claim=files',
    'replcias=2',
    'autoscaling.enabled=maybe',
    'clientPort=http',
    'name=gatway',
    'env.lower=case',
    'autoscaling.minReplicas=1',
    'image.pullPolicy=Sometimes',
  ])('refuses an unknown or invalid value: %s', async (value) => {
    const field = /(\w+)=/.exec(value)?.[1];
    await expect(render(helm, { service: 'gateway', set: ['image.tag=1.2.3', value] })).rejects.toThrow(
      new RegExp(`schema[^]*'[/\\w]*${String(field)}'`),
    );
  });

  withHelm('refuses a release without an image tag', async () => {
    await expect(render(helm, { service: 'gateway', set: [] })).rejects.toThrow('image.tag: which build?');
  });

  withHelm('refuses a peer that is not defined, and a target without ports', async () => {
    await expect(
      render(helm, { service: 'gateway', set: ['image.tag=1', 'network.to[0]=nuts'] }),
    ).rejects.toThrow('there is no peer nuts');
    await expect(
      render(helm, { service: 'gateway', set: ['image.tag=1', 'network.to[0]=prometheus'] }),
    ).rejects.toThrow('peer prometheus has no ports to be reached at');
  });
});

describe('the tools', () => {
  const read = (file: string): string => readFileSync(join(toolsFolder, file), 'utf8');

  it('pass the checks of every package', () => {
    expect(lockfileFindings(JSON.parse(read('package-lock.json')))).toEqual([]);
    expect(manifestFindings('package.json', JSON.parse(read('package.json')))).toEqual([]);
    expect(npmrcFindings(read('.npmrc'))).toEqual([]);
  });
});
