import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

// The fields of manifests that meaning.slow.ts reads; the validator checks their form.

const Labels = z.record(z.string(), z.string());
const Metadata = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  labels: Labels.default({}),
  annotations: Labels.default({}),
});
const Port = z.union([z.string(), z.number()]);

const Variable = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z
    .object({
      secretKeyRef: z.object({ name: z.string(), key: z.string() }).optional(),
      fieldRef: z.object({ fieldPath: z.string() }).optional(),
    })
    .optional(),
});
const Probe = z.object({ httpGet: z.object({ path: z.string(), port: Port }) });
const Security = z.record(z.string(), z.unknown());
const Container = z.object({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()).optional(),
  env: z.array(Variable).default([]),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
  securityContext: Security.optional(),
  lifecycle: z.object({ preStop: z.object({ sleep: z.object({ seconds: z.number() }) }) }).optional(),
  resources: z.object({
    requests: z.record(z.string(), z.string()),
    limits: z.record(z.string(), z.string()),
  }),
  startupProbe: Probe.optional(),
  livenessProbe: Probe.optional(),
  readinessProbe: Probe.optional(),
});
export const PodSpec = z.object({
  automountServiceAccountToken: z.boolean().optional(),
  securityContext: Security.optional(),
  terminationGracePeriodSeconds: z.number().optional(),
  topologySpreadConstraints: z
    .array(z.object({ topologyKey: z.string(), labelSelector: z.object({ matchLabels: Labels }) }))
    .default([]),
  containers: z.array(Container),
  volumes: z.array(z.record(z.string(), z.unknown())).default([]),
});
const Template = z.object({ metadata: Metadata.omit({ name: true }), spec: PodSpec });

const Selector = z.object({ matchLabels: Labels.default({}) });
const Peer = z.object({
  namespaceSelector: Selector.optional(),
  podSelector: Selector.optional(),
  ipBlock: z.object({ cidr: z.string(), except: z.array(z.string()).default([]) }).optional(),
});
export type Peer = z.output<typeof Peer>;
const Ports = z.array(z.object({ port: z.number(), endPort: z.number().optional() })).optional();
const Policy = z.object({
  metadata: Metadata,
  spec: z.object({
    podSelector: Selector,
    policyTypes: z.array(z.enum(['Ingress', 'Egress'])),
    ingress: z
      .array(z.object({ from: z.array(Peer), ports: Ports }))
      .nullish()
      .transform((rules) => rules ?? []),
    egress: z
      .array(z.object({ to: z.array(Peer), ports: Ports }))
      .nullish()
      .transform((rules) => rules ?? []),
  }),
});
export type Policy = z.output<typeof Policy>;

const kinds = {
  Deployment: z.object({
    metadata: Metadata,
    spec: z.object({
      replicas: z.number().optional(),
      selector: Selector,
      template: Template,
      strategy: z.unknown(),
    }),
  }),
  Job: z.object({
    metadata: Metadata,
    spec: z.object({ template: Template, backoffLimit: z.number(), activeDeadlineSeconds: z.number() }),
  }),
  NetworkPolicy: Policy,
  Service: z.object({
    metadata: Metadata,
    spec: z.object({
      selector: Labels,
      ports: z.array(z.object({ name: z.string(), port: z.number(), targetPort: Port })),
    }),
  }),
  Ingress: z.object({
    metadata: Metadata,
    spec: z.object({
      rules: z.array(
        z.object({
          host: z.string(),
          http: z.object({
            paths: z.array(
              z.object({
                backend: z.object({
                  service: z.object({ name: z.string(), port: z.object({ name: z.string() }) }),
                }),
              }),
            ),
          }),
        }),
      ),
    }),
  }),
  PodDisruptionBudget: z.object({
    metadata: Metadata,
    spec: z.object({ maxUnavailable: z.number(), selector: Selector }),
  }),
  HorizontalPodAutoscaler: z.object({
    metadata: Metadata,
    spec: z.object({
      scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
      minReplicas: z.number(),
      maxReplicas: z.number(),
      metrics: z.array(z.unknown()),
    }),
  }),
  ServiceMonitor: z.object({
    metadata: Metadata,
    spec: z.object({
      selector: Selector,
      jobLabel: z.string(),
      endpoints: z.array(z.object({ port: z.string() })),
    }),
  }),
  Secret: z.object({ metadata: Metadata, stringData: z.record(z.string(), z.string()) }),
};
type Kinds = { [Kind in keyof typeof kinds]: z.output<(typeof kinds)[Kind]> };
const schemas: { readonly [Kind in keyof Kinds]: z.ZodType<Kinds[Kind]> } = kinds;

/** Throws for invalid YAML, including duplicate keys. */
export function manifestsOf(yaml: string): unknown[] {
  return parseAllDocuments(yaml).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    const manifest: unknown = document.toJS();
    return manifest === null ? [] : [manifest];
  });
}

/** The manifests of a kind. */
export function allOf<Kind extends keyof Kinds>(kind: Kind, manifests: readonly unknown[]): Kinds[Kind][] {
  const ofKind = z.object({ kind: z.literal(kind) });
  return manifests
    .filter((manifest) => ofKind.safeParse(manifest).success)
    .map((manifest) => schemas[kind].parse(manifest));
}

/** The only manifest of a kind. */
export function only<Kind extends keyof Kinds>(kind: Kind, manifests: readonly unknown[]): Kinds[Kind] {
  const [one, ...others] = allOf(kind, manifests);
  if (one === undefined || others.length > 0)
    throw new Error(`expected one ${kind}, found ${String(others.length + (one === undefined ? 0 : 1))}`);
  return one;
}

export const selects = (
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean => Object.entries(selector).every(([name, value]) => labels[name] === value);
