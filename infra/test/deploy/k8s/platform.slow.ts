import { beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { natsUsers, postgresRoles } from '../../../dev/topology/names.ts';
import { findNatsServer } from '../../../dev/processes/nats-binary.ts';
import { natsConf, rolesSql, root, schemasSql } from '../../../dev/topology/paths.ts';
import { rulesFile, textOf } from '../otel/files.ts';
import { metricsNamed } from '../otel/metrics-named.ts';
import { freshSecrets, type FreshSecrets } from './fresh-secrets.ts';
import { platformFile, TOOLS_MISSING } from './helm.ts';
import { manifestsOf } from './rendered.ts';
import { canValidate, complaintsOf } from './validate.ts';

const checks = canValidate ? it : it.skip;
if (!canValidate) console.warn(`The validation of the platform's manifests was skipped: ${TOOLS_MISSING}`);

const read = (name: string): string => textOf(platformFile(name));
const readme = readFileSync(join(root, 'infra/deploy/k8s/README.md'), 'utf8');
/** Built as by the command in README.md. */
const prometheusRule = (): string => `${read('prometheus-rule')}${textOf(rulesFile).replaceAll(/^/gm, '  ')}`;

const Nats = z.strictObject({
  config: z.strictObject({
    cluster: z.strictObject({ enabled: z.literal(true), replicas: z.literal(3) }),
    jetstream: z.strictObject({ enabled: z.literal(false) }),
    merge: z.record(z.string(), z.string()),
  }),
  container: z.strictObject({
    env: z.record(
      z.string(),
      z.union([
        z.string(),
        z.object({ valueFrom: z.object({ secretKeyRef: z.object({ name: z.string(), key: z.string() }) }) }),
      ]),
    ),
    merge: z.unknown(),
  }),
  reloader: z.unknown(),
  natsBox: z.strictObject({ enabled: z.literal(false) }),
  podTemplate: z.unknown(),
});
const Role = z.strictObject({
  name: z.string(),
  login: z.literal(true),
  passwordSecret: z.strictObject({ name: z.string() }),
});
const References = z.strictObject({
  configMapRefs: z.tuple([z.strictObject({ name: z.literal('postgres-sql'), key: z.string() })]),
});
const Postgres = z.object({
  spec: z.object({
    bootstrap: z.object({
      initdb: z.object({ postInitSQLRefs: References, postInitApplicationSQLRefs: References }),
    }),
    managed: z.object({ roles: z.array(Role) }),
    plugins: z.tuple([
      z.object({ name: z.string(), parameters: z.object({ barmanObjectName: z.string() }) }),
    ]),
    postgresql: z.object({ synchronous: z.object({ number: z.number(), dataDurability: z.string() }) }),
  }),
});
/** The fields of rabbitmq.com/v1beta1 in use here; no package has its schema. */
const Rabbit = z.strictObject({
  apiVersion: z.literal('rabbitmq.com/v1beta1'),
  kind: z.literal('RabbitmqCluster'),
  metadata: z.strictObject({ name: z.string(), namespace: z.string() }),
  spec: z.strictObject({
    replicas: z.literal(3),
    persistence: z.strictObject({ storage: z.string() }),
    resources: z.record(z.string(), z.unknown()),
    affinity: z.record(z.string(), z.unknown()),
    rabbitmq: z.strictObject({ additionalConfig: z.string() }),
    override: z.strictObject({
      statefulSet: z.strictObject({
        spec: z.strictObject({ template: z.strictObject({ spec: z.record(z.string(), z.unknown()) }) }),
      }),
    }),
  }),
});
const Adapter = z.strictObject({
  rules: z.strictObject({
    default: z.literal(false),
    custom: z.tuple([z.object({ seriesQuery: z.string(), name: z.object({ as: z.string() }) })]),
  }),
});

let secrets: FreshSecrets;
beforeAll(async () => {
  secrets = await freshSecrets();
});
const keysOf = (name: string): string[] =>
  Object.keys(
    secrets.all.find(
      ({ metadata }) => metadata.namespace === 'switchboard-platform' && metadata.name === name,
    )?.stringData ?? {},
  );

describe(canValidate ? 'the platform' : `the platform: SKIPPED, ${TOOLS_MISSING}`, () => {
  checks.each([
    ['namespaces', () => manifestsOf(read('namespaces'))],
    ['files', () => manifestsOf(read('files'))],
    ['postgres', () => manifestsOf(read('postgres'))],
    ['the schedule of backups', () => manifestsOf(read('postgres-backup')).slice(1)],
    ['the rules of Prometheus', () => manifestsOf(prometheusRule())],
    ['secrets', () => secrets.items],
    [
      "the override of RabbitMQ's pods",
      () => {
        const { resources, affinity, override } = Rabbit.parse(parse(read('rabbitmq'))).spec;
        const spec = { ...override.statefulSet.spec.template.spec, affinity };
        return [
          { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec },
          {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'b' },
            spec: { containers: [{ name: 'a', resources }] },
          },
        ];
      },
    ],
  ])('is valid for Kubernetes and its operators: %s', async (_name, manifests) => {
    expect(manifests()).not.toEqual([]);
    expect((await complaintsOf(manifests())).flat()).toEqual([]);
  });
});

describe('NATS', () => {
  const { config, container } = Nats.parse(parse(read('nats')));

  it('runs with the same nats-server.conf as every other environment', () => {
    expect(config.merge).toEqual({ '00$include': 'nats-server.conf' });
    expect(read('nats')).toContain(
      "--set-file 'configMap.merge.data.nats-server\\.conf=infra/deploy/nats/nats-server.conf'",
    );
    expect(readme).toContain(
      "--set-file 'configMap.merge.data.nats-server\\.conf=infra/deploy/nats/nats-server.conf'",
    );
  });

  it('accepts it together with the settings that the NATS chart adds', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'switchboard-nats-'));
    await copyFile(natsConf, join(folder, 'nats-server.conf'));
    await writeFile(
      join(folder, 'nats.conf'),
      '{ include nats-server.conf; "cluster": { "name": "nats", "port": 6222 }, "http_port": 8222, "port": 4222, "server_name": $SERVER_NAME }',
    );
    const passwords = natsUsers.map(
      (user) => [`NATS_${user.toUpperCase().replaceAll('-', '_')}_PASSWORD`, 'secret'] as const,
    );
    const env = { ...Object.fromEntries(passwords), NATS_LISTEN: '0.0.0.0:4222', SERVER_NAME: 'nats-0' };
    const { stderr } = await promisify(execFile)(
      await findNatsServer(() => undefined),
      ['-t', '-c', join(folder, 'nats.conf')],
      { env },
    );
    expect(stderr).toContain('is valid');
    await rm(folder, { recursive: true });
  });

  it('gets every variable that the configuration reads, with passwords from the Secret', () => {
    const wanted = [
      ...new Set([...textOf(natsConf).matchAll(/^[^#\n]*\$(\w+)/gm)].map(([, name]) => name)),
    ].sort();
    expect(wanted).toHaveLength(natsUsers.length + 1);
    expect(Object.keys(container.env).sort()).toEqual(wanted);
    const passwords = Object.entries(container.env).filter(([name]) => name !== 'NATS_LISTEN');
    for (const [name, value] of passwords)
      expect(value).toEqual({ valueFrom: { secretKeyRef: { name: 'nats', key: name } } });
    expect(keysOf('nats').sort()).toEqual(passwords.map(([name]) => name).sort());
  });
});

describe('Postgres', () => {
  const { bootstrap, managed, plugins, postgresql } = Postgres.parse(parse(read('postgres'))).spec;
  const strip = /sed "(s\/ PASSWORD [^"]+)" infra\/deploy\/postgres\/roles\.sql/;

  it('has the roles of infra/deploy/postgres, with passwords from Secrets', () => {
    expect(managed.roles.map(({ name }) => name)).toEqual([...postgresRoles]);
    for (const { passwordSecret } of managed.roles)
      expect(keysOf(passwordSecret.name)).toEqual(['username', 'password']);
    for (const { name, passwordSecret } of managed.roles)
      expect(secrets.valueOf('switchboard-platform', passwordSecret.name, 'username')).toBe(name);
  });

  it('creates them and the schemas from the same files, without the passwords, which are psql variables', () => {
    expect(bootstrap.initdb.postInitSQLRefs.configMapRefs[0].key).toBe('roles.sql');
    expect(bootstrap.initdb.postInitApplicationSQLRefs.configMapRefs[0].key).toBe('schemas.sql');
    expect(strip.exec(readme)?.[1]).toBe("s/ PASSWORD :'[a-z_]*'//");
    const roles = textOf(rolesSql).replaceAll(/ PASSWORD :'[a-z_]*'/g, '');
    expect(roles.split('\n').filter((line) => line !== '' && !line.startsWith('--'))).toEqual(
      postgresRoles.map((role) => `CREATE ROLE ${role} LOGIN;`),
    );
    expect(textOf(schemasSql)).not.toMatch(/(^\\|:')/m);
  });

  it('loses no acknowledged transaction in a failover', () => {
    expect(postgresql.synchronous).toMatchObject({ number: 1, dataDurability: 'required' });
  });

  it('stores backups and WAL in the same store, with the same plugin', () => {
    const [store, schedule] = manifestsOf(read('postgres-backup'));
    expect(store).toMatchObject({
      kind: 'ObjectStore',
      metadata: { name: plugins[0].parameters.barmanObjectName },
    });
    expect(schedule).toMatchObject({
      spec: { cluster: { name: 'postgres' }, pluginConfiguration: { name: plugins[0].name } },
    });
  });
});

describe('RabbitMQ', () => {
  const { spec } = Rabbit.parse(parse(read('rabbitmq')));

  it('loads the users, permissions and the exchange of infra/deploy/rabbitmq', () => {
    const pod = spec.override.statefulSet.spec.template.spec;
    expect(pod).toMatchObject({
      volumes: [{ secret: { secretName: 'rabbitmq-definitions' } }],
      containers: [
        { volumeMounts: [{ mountPath: '/etc/rabbitmq/definitions.json', subPath: 'definitions.json' }] },
      ],
    });
    expect(spec.rabbitmq.additionalConfig).toContain('load_definitions = /etc/rabbitmq/definitions.json');
    const definitions: unknown = JSON.parse(
      secrets.valueOf('switchboard-platform', 'rabbitmq-definitions', 'definitions.json')!,
    );
    expect(definitions).toMatchObject({
      users: expect.arrayContaining([expect.objectContaining({ name: 'chat-service' })]),
      exchanges: [expect.objectContaining({ name: 'switchboard.events' })],
    });
  });

  it('meets the restricted pod security standard', () => {
    const pod = spec.override.statefulSet.spec.template.spec;
    const restricted = {
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    };
    expect(pod).toMatchObject({ containers: [restricted], initContainers: [restricted] });
  });
});

describe('Prometheus', () => {
  it('gives the autoscaler a metric that gateways expose', () => {
    const [rule] = Adapter.parse(parse(read('prometheus-adapter'))).rules.custom;
    expect(metricsNamed()).toContain(rule.name.as);
    expect(rule.seriesQuery).toContain(rule.name.as);
    expect(textOf(platformFile('../chart/templates/availability'))).toContain(
      `metric: { name: ${rule.name.as} }`,
    );
  });

  it('has the unchanged rules', () => {
    expect(parse(prometheusRule())).toMatchObject({ kind: 'PrometheusRule', spec: parse(textOf(rulesFile)) });
    expect(readme).toContain(
      "(cat infra/deploy/k8s/platform/prometheus-rule.yaml; sed 's/^/  /' infra/deploy/otel/prometheus/rules.yml) | kubectl apply -f -",
    );
  });
});

it('README.md names every file of the platform and every option', () => {
  const files = ['platform', 'options'].flatMap((folder) =>
    readdirSync(join(root, 'infra/deploy/k8s', folder)).map((file) => `${folder}/${file}`),
  );
  expect(files.filter((file) => !readme.includes(file))).toEqual([]);
});
