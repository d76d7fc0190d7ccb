import { beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import {
  databases,
  isService,
  natsUsers,
  programNames,
  type ProgramName,
} from '../../../dev/topology/names.ts';
import { askConfig } from './environment.ts';
import { findHelm, platformFile, render, TOOLS_MISSING } from './helm.ts';
import { mayReach, outside, type Place } from './reach.ts';
import { allOf, manifestsOf, only, selects, type Policy } from './rendered.ts';
import { freshSecrets, type FreshSecrets } from './fresh-secrets.ts';
import { variants, variantsOf } from './variants.ts';

const helm = findHelm() ?? '';
const checks = helm === '' ? it.skip : it;
/** The longest time from SIGTERM to the end of a process: shared/src/runtime/run.ts. */
const STOPS_WITHIN_S = 15;

const rendered = new Map<string, unknown[]>();
let secrets: FreshSecrets;
beforeAll(async () => {
  secrets = await freshSecrets();
  if (helm !== '')
    for (const variant of variants) rendered.set(variant.title, manifestsOf(await render(helm, variant)));
});
const manifests = (title: string): unknown[] => rendered.get(title)!;
const podOf = (title: string) => only('Deployment', manifests(title)).spec.template;
const migrationOf = (title: string) => allOf('Job', manifests(title)).map(({ spec }) => spec.template);
const titles = variants.map(({ title }) => title);
const services = programNames.filter(isService);

/** Resolves variables as Kubernetes does: $(KEY) without an earlier definition stays unchanged. */
function environmentOf(title: string, { spec }: ReturnType<typeof podOf>): Record<string, string> {
  const env: Record<string, string> = {};
  const theirs: Record<string, string> = {
    'metadata.name': `${title}-0`,
    'status.podIP': '10.1.2.3',
    'metadata.namespace': 'switchboard',
    S3_ACCESS_KEY_ID: 'theirs',
    S3_SECRET_ACCESS_KEY: 'theirs',
  };
  for (const { name, value, valueFrom } of spec.containers[0]!.env) {
    const { secretKeyRef: secret, fieldRef } = valueFrom ?? {};
    env[name] =
      secret === undefined
        ? (theirs[fieldRef?.fieldPath ?? ''] ??
          value!.replaceAll(/\$\((\w+)\)/g, (whole, key: string) => env[key] ?? whole))
        : (secrets.valueOf('switchboard', secret.name, secret.key) ??
          theirs[secret.key] ??
          `no ${secret.key} in ${secret.name}`);
  }
  return env;
}

describe(helm === '' ? `a release: SKIPPED, ${TOOLS_MISSING}` : 'a release', () => {
  checks.each(titles)('selects its own pods and nothing else: %s', (title) => {
    const all = manifests(title);
    const pod = podOf(title).metadata.labels;
    const migration = migrationOf(title).map(({ metadata }) => metadata.labels);
    const selectors = [
      only('Deployment', all).spec.selector.matchLabels,
      only('Service', all).spec.selector,
      only('PodDisruptionBudget', all).spec.selector.matchLabels,
      ...podOf(title).spec.topologySpreadConstraints.map(({ labelSelector }) => labelSelector.matchLabels),
      ...allOf('NetworkPolicy', all)
        .filter(({ metadata }) => !metadata.name.endsWith('-migration'))
        .map(({ spec }) => spec.podSelector.matchLabels),
    ];
    for (const selector of selectors) {
      expect(selects(selector, pod)).toBe(true);
      expect(migration.filter((labels) => selects(selector, labels))).toEqual([]);
    }
    for (const { spec } of allOf('HorizontalPodAutoscaler', all))
      expect(spec.scaleTargetRef).toMatchObject({
        kind: 'Deployment',
        name: only('Deployment', all).metadata.name,
      });
    const service = only('Service', all);
    const names = service.spec.ports.map(({ name }) => name);
    expect(service.spec.ports.map(({ targetPort }) => targetPort)).toEqual(
      podOf(title).spec.containers[0]!.ports.map(({ name }) => name),
    );
    for (const { spec } of allOf('ServiceMonitor', all)) {
      expect(selects(spec.selector.matchLabels, service.metadata.labels)).toBe(true);
      expect(names).toContain(spec.endpoints[0]!.port);
    }
    for (const { spec } of allOf('Ingress', all)) {
      const backend = spec.rules[0]!.http.paths[0]!.backend.service;
      expect(backend).toEqual({
        name: service.metadata.name,
        port: { name: names.find((name) => name !== 'internal') },
      });
    }
  });

  checks.each(titles)('does not run as root, writes nowhere and has no token: %s', (title) => {
    for (const { spec } of [podOf(title), ...migrationOf(title)]) {
      expect(spec.automountServiceAccountToken).toBe(false);
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(spec.containers[0]!.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(spec.containers[0]!.resources).toMatchObject({
        requests: { cpu: expect.any(String), memory: expect.any(String) },
        limits: { memory: expect.any(String) },
      });
    }
  });

  checks.each(programNames)('stays available while it is replaced, moved and scaled: %s', (title) => {
    const { spec } = only('Deployment', manifests(title));
    const { preStop } = spec.template.spec.containers[0]!.lifecycle ?? {};
    expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(
      (preStop?.sleep.seconds ?? 0) + STOPS_WITHIN_S,
    );
    expect(spec.strategy).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
    });
    const { minReplicas, maxReplicas } = only('HorizontalPodAutoscaler', manifests(title)).spec;
    expect(spec.replicas).toBeUndefined();
    expect(only('PodDisruptionBudget', manifests(title)).spec.maxUnavailable).toBeLessThan(minReplicas);
    expect(maxReplicas).toBeGreaterThan(minReplicas);
    expect(spec.template.spec.topologySpreadConstraints.map(({ topologyKey }) => topologyKey)).toEqual([
      'kubernetes.io/hostname',
      'topology.kubernetes.io/zone',
    ]);
  });

  checks('of a gateway removes its endpoint before it disconnects its sockets', () => {
    expect(podOf('gateway').spec.containers[0]!.lifecycle!.preStop.sleep.seconds).toBeGreaterThanOrEqual(5);
  });

  checks.each(programNames)('has its probes on the port that it serves: %s', (title) => {
    const { ports, startupProbe, livenessProbe, readinessProbe } = podOf(title).spec.containers[0]!;
    const internal = ports.find(({ name }) => name === 'internal')!;
    expect(environmentOf(title, podOf(title))).toMatchObject({
      INTERNAL_HOST: '0.0.0.0',
      INTERNAL_PORT: String(internal.containerPort),
    });
    const ready =
      title === 'gateway'
        ? '/readyz?exclude=chat-service&exclude=message-service&exclude=presence-service'
        : '/readyz';
    expect([startupProbe, livenessProbe, readinessProbe].map((probe) => probe!.httpGet)).toEqual(
      ['/livez', '/livez', ready].map((path) => ({ path, port: 'internal' })),
    );
  });
});

describe(helm === '' ? `the environment: SKIPPED, ${TOOLS_MISSING}` : 'the environment', () => {
  /** Variables that the runtime and libraries read. */
  const OF_OTHERS = /^(NODE_OPTIONS|NODE_EXTRA_CA_CERTS|PGSSLMODE|OTEL_\w+)$/;
  /** Variables that are parts of other variables. */
  const PARTS = /^(\w+_PASSWORD|POD_IP|POD_NAMESPACE)$/;

  checks.each(programNames)(
    'of %s is valid in each variant, and contains only known variables',
    async (service) => {
      const environments = variantsOf(service).map(({ title }) => environmentOf(title, podOf(title)));
      const { known, errors } = await askConfig(service, environments);
      expect(errors).toEqual([]);
      for (const env of environments) {
        expect(
          Object.entries(env).filter(([, value]) => value.includes('$(') || value.startsWith('no ')),
        ).toEqual([]);
        expect(
          Object.keys(env).filter(
            (name) => !known.includes(name) && !OF_OTHERS.test(name) && !PARTS.test(name),
          ),
        ).toEqual([]);
      }
    },
  );

  checks.each(services)(
    'has its own role in Postgres and its own users in NATS and RabbitMQ: %s',
    (service) => {
      const { variable, service: role, migrator } = databases[service];
      const env = environmentOf(service, podOf(service));
      expect(new URL(env['NATS_URL']!).username).toBe(service);
      expect(new URL(env[variable]!).username).toBe(role);
      const [migration] = migrationOf(service);
      expect(new URL(environmentOf(service, migration!)[variable]!).username).toBe(migrator);
      if (env['AMQP_URL'] !== undefined) expect(new URL(env['AMQP_URL']).username).toBe(service);
    },
  );

  checks(
    'names a replica of message-service by its IP address, since gateways can reach no other name',
    () => {
      expect(environmentOf('message-service', podOf('message-service'))).toMatchObject({
        INTERNAL_URL: 'http://10.1.2.3:8080',
      });
    },
  );

  checks.each(titles)('contains no secret in plain text: %s', (title) => {
    for (const { spec } of [podOf(title), ...migrationOf(title)]) {
      const written = spec.containers[0]!.env.filter(
        ({ name, value = '' }) =>
          /(PASSWORD|SECRET|KEY)/.test(name) || /:\/\/[^/]*:(?!\$\()[^/@]*@/.test(value),
      );
      expect(written.filter(({ valueFrom }) => valueFrom?.secretKeyRef === undefined)).toEqual([]);
    }
  });
});

describe(helm === '' ? `a migration: SKIPPED, ${TOOLS_MISSING}` : 'a migration', () => {
  checks.each(services)(
    'runs before an install and an upgrade, with the same image, and never on a rollback: %s',
    (service) => {
      const job = only('Job', manifests(service));
      expect(job.metadata.annotations).toEqual({
        'helm.sh/hook': 'pre-install,pre-upgrade',
        'helm.sh/hook-delete-policy': 'before-hook-creation',
      });
      expect(job.spec.template.spec.containers[0]).toMatchObject({
        image: podOf(service).spec.containers[0]!.image,
        command: ['node', 'src/migrate.ts'],
      });
      const policy = allOf('NetworkPolicy', manifests(service)).find(({ spec }) =>
        selects(spec.podSelector.matchLabels, job.spec.template.metadata.labels),
      )!;
      expect(policy.metadata.annotations).toMatchObject({
        'helm.sh/hook': 'pre-install,pre-upgrade',
        'helm.sh/hook-weight': '-1',
      });
    },
  );

  checks('does not exist for the gateway', () => {
    expect(allOf('Job', manifests('gateway'))).toEqual([]);
  });
});

describe(helm === '' ? `allowed connections: SKIPPED, ${TOOLS_MISSING}` : 'allowed connections', () => {
  const platform: Place[] = [
    { name: 'nats', namespace: 'switchboard-platform', labels: { 'app.kubernetes.io/name': 'nats' } },
    { name: 'postgres', namespace: 'switchboard-platform', labels: { 'cnpg.io/cluster': 'postgres' } },
    { name: 'rabbitmq', namespace: 'switchboard-platform', labels: { 'app.kubernetes.io/name': 'rabbitmq' } },
    { name: 'dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
    { name: 'ingress', namespace: 'traefik', labels: { app: 'traefik' } },
    { name: 'monitoring', namespace: 'monitoring', labels: { app: 'anything' } },
    {
      name: 'stranger',
      namespace: 'elsewhere',
      labels: {
        'app.kubernetes.io/name': 'gateway',
        'app.kubernetes.io/part-of': 'switchboard',
        'app.kubernetes.io/component': 'service',
      },
    },
    outside('1.1.1.1'),
  ];
  const intruder: Place = { name: 'intruder', namespace: 'switchboard', labels: { app: 'anything' } };
  const ports = [53, 443, 3000, 4222, 4317, 4318, 5432, 5672, 6222, 8080];
  const ofPlatform = (): Policy[] =>
    allOf('NetworkPolicy', manifestsOf(readFileSync(platformFile('namespaces'), 'utf8')));

  /** All allowed connections with their ports; with `side`, by the policies of that direction alone. */
  function reached(names: Record<ProgramName, string>, side?: 'Ingress' | 'Egress'): string[] {
    const all = programNames.flatMap((service) => manifests(names[service]));
    const policies = [...ofPlatform(), ...allOf('NetworkPolicy', all)]
      .filter(({ spec }) => side === undefined || spec.policyTypes.includes(side))
      .map((policy) =>
        side === undefined ? policy : { ...policy, spec: { ...policy.spec, policyTypes: [side] } },
      );
    const pod = (name: string, labels: Record<string, string>): Place => ({
      name,
      namespace: 'switchboard',
      labels,
    });
    const own = programNames.flatMap((service) => [
      pod(service, podOf(names[service]).metadata.labels),
      ...migrationOf(names[service]).map(({ metadata }) => pod(`${service}'s migration`, metadata.labels)),
    ]);
    const places = [...own, intruder, ...platform];
    const isOwnPod = (place: Place): boolean => place.namespace === 'switchboard';
    const counts = (from: Place, to: Place): boolean =>
      from !== to && ((side !== 'Ingress' && isOwnPod(from)) || (side !== 'Egress' && isOwnPod(to)));
    return places
      .flatMap((from) =>
        places
          .filter((to) => counts(from, to))
          .flatMap((to) =>
            ports
              .filter((port) => mayReach(policies, from, to, port))
              .map((port) => `${from.name} > ${to.name}:${String(port)}`),
          ),
      )
      .sort();
  }
  const plain: Record<ProgramName, string> = {
    gateway: 'gateway',
    'chat-service': 'chat-service',
    'message-service': 'message-service',
    'presence-service': 'presence-service',
    'webhook-service': 'webhook-service',
  };
  const leaving = [
    'gateway > message-service:8080',
    'gateway > nats:4222',
    'chat-service > nats:4222',
    'chat-service > postgres:5432',
    'chat-service > rabbitmq:5672',
    'message-service > nats:4222',
    'message-service > postgres:5432',
    'message-service > rabbitmq:5672',
    'presence-service > nats:4222',
    'presence-service > postgres:5432',
    'webhook-service > nats:4222',
    'webhook-service > postgres:5432',
    'webhook-service > rabbitmq:5672',
    'webhook-service > 1.1.1.1:443',
    ...services.flatMap((service) => [
      `${service}'s migration > postgres:5432`,
      `${service}'s migration > dns:53`,
    ]),
    ...programNames.flatMap((service) => [
      `${service} > dns:53`,
      `${service} > monitoring:4317`,
      `${service} > monitoring:4318`,
    ]),
  ].sort();
  const arriving = [
    'ingress > gateway:3000',
    'gateway > message-service:8080',
    ...programNames.map((service) => `monitoring > ${service}:8080`),
  ].sort();

  checks('are exactly those that the services need', () => {
    expect(reached(plain)).toEqual([...new Set([...leaving, ...arriving])].sort());
  });

  checks('are the same by the policies of either direction alone', () => {
    expect(reached(plain, 'Egress')).toEqual(leaving);
    expect(reached(plain, 'Ingress')).toEqual(arriving);
  });

  it('exclude the servers for pods of other namespaces and for unknown pods of switchboard', () => {
    const ways = [intruder, ...platform.filter(({ name }) => name === 'stranger')].flatMap((from) =>
      platform
        .filter(({ namespace }) => namespace === 'switchboard-platform')
        .flatMap((to) =>
          ports
            .filter((port) =>
              mayReach(
                ofPlatform().filter(({ spec }) => !spec.policyTypes.includes('Egress')),
                from,
                to,
                port,
              ),
            )
            .map((port) => `${from.name} > ${to.name}:${String(port)}`),
        ),
    );
    expect(ways).toEqual([]);
  });

  checks('include 443 for a gateway with an identity provider, and for message-service with S3', () => {
    const others = {
      ...plain,
      gateway: 'gateway with gateway-identity-provider',
      'message-service': 'message-service with message-service-s3',
    };
    expect(reached(others).filter((way) => !reached(plain).includes(way))).toEqual([
      'gateway > 1.1.1.1:443',
      'message-service > 1.1.1.1:443',
    ]);
  });

  checks('exclude RabbitMQ without events, and Traefik with ingress-nginx', () => {
    const others = {
      ...plain,
      gateway: 'gateway with gateway-ingress-nginx',
      'chat-service': 'chat-service with chat-service-without-events',
      'message-service': 'message-service with message-service-without-events',
    };
    expect(reached(plain).filter((way) => !reached(others).includes(way))).toEqual([
      'chat-service > rabbitmq:5672',
      'ingress > gateway:3000',
      'message-service > rabbitmq:5672',
    ]);
  });

  checks.each([
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.1.1',
    '::1',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
  ])('exclude %s for webhook-service', (address) => {
    const policies = [...ofPlatform(), ...allOf('NetworkPolicy', manifests('webhook-service'))];
    const from = {
      name: 'webhook-service',
      namespace: 'switchboard',
      labels: podOf('webhook-service').metadata.labels,
    };
    expect(mayReach(policies, from, outside(address), 443)).toBe(false);
    for (const public_ of ['1.1.1.1', '2606:4700::1111'])
      expect(mayReach(policies, from, outside(public_), 443)).toBe(true);
  });
});

describe('make-secrets.mjs', () => {
  it('never prints the same password twice', async () => {
    const again = await freshSecrets();
    const passwords = (of: FreshSecrets) =>
      of.all
        .flatMap(({ stringData }) => Object.values(stringData))
        .filter((value) => /^s[0-9a-f]{64}$/.test(value));
    expect(new Set([...passwords(secrets), ...passwords(again)]).size).toBe(
      new Set(passwords(secrets)).size * 2,
    );
  });

  it('gives both sides of a connection the same password', () => {
    for (const user of natsUsers) {
      const key = `NATS_${user.toUpperCase().replaceAll('-', '_')}_PASSWORD`;
      expect(secrets.valueOf('switchboard-platform', 'nats', key)).toBe(
        secrets.valueOf('switchboard', user, 'NATS_PASSWORD'),
      );
    }
    for (const service of services) {
      const { service: role, migrator } = databases[service];
      const passwordOf = (name: string) =>
        secrets.valueOf('switchboard-platform', `postgres-${name.replace('_', '-')}`, 'password');
      expect(passwordOf(role)).toBe(secrets.valueOf('switchboard', service, 'DATABASE_PASSWORD'));
      expect(passwordOf(migrator)).toBe(
        secrets.valueOf('switchboard', `${service}-migration`, 'DATABASE_PASSWORD'),
      );
    }
  });
});
