import { beforeAll, describe, expect, it } from '@jest/globals';
import { TOOLS_MISSING } from './helm.ts';
import { canValidate, complaintsOf } from './validate.ts';

const checks = canValidate ? it : it.skip;
if (!canValidate) console.warn(`The validation of manifests was skipped: ${TOOLS_MISSING}`);

const pod = { containers: [{ name: 'a', image: 'b', ports: [{ containerPort: 1 }] }] };
const deployment = (spec: object = {}, template: object = pod): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a' },
  spec: {
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: template },
    ...spec,
  },
});

const good = {
  'a Deployment': deployment(),
  'a number where text or a number is allowed': deployment({
    strategy: { rollingUpdate: { maxSurge: 1 } },
  }),
};
const bad = {
  'a misspelt field': deployment({ replica: 2 }),
  'a misspelt nested field': deployment(
    {},
    { containers: [{ name: 'a', image: 'b', ports: [{ containerPort: 1, protocl: 'TCP' }] }] },
  ),
  'a wrong type': deployment({ replicas: 'two' }),
  'a wrong type in a nested field': deployment(
    {},
    { containers: [{ name: 'a', image: 'b', ports: [{ containerPort: 'http' }] }] },
  ),
  'a missing required field': deployment({ selector: undefined }),
  'a wrong apiVersion': { ...deployment(), apiVersion: 'apps/v2' },
  'an apiVersion that clusters no longer serve': { ...deployment(), apiVersion: 'extensions/v1beta1' },
  'an unknown kind': { ...deployment(), kind: 'Deploymnt' },
  'a misspelt field of CloudNativePG': {
    apiVersion: 'postgresql.cnpg.io/v1',
    kind: 'Cluster',
    metadata: { name: 'a' },
    spec: { instances: 3, managed: { rols: [] } },
  },
  'a misspelt field of the Prometheus operator': {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name: 'a' },
    spec: { selector: {}, endpoints: [{ prt: 'a' }] },
  },
  'a value that is not a manifest': 'nothing',
};

describe(canValidate ? 'the validator' : `the validator: SKIPPED, ${TOOLS_MISSING}`, () => {
  let complaints: string[][];
  const all = [...Object.entries(good), ...Object.entries(bad)];
  beforeAll(async () => {
    if (canValidate) complaints = await complaintsOf(all.map(([, manifest]) => manifest));
  });
  const of = (name: string): string[] => complaints[all.findIndex(([each]) => each === name)]!;

  checks.each(Object.keys(good))('accepts %s', (name) => {
    expect(of(name)).toEqual([]);
  });
  checks.each(Object.keys(bad))('rejects %s', (name) => {
    expect(of(name)).not.toEqual([]);
  });
});
