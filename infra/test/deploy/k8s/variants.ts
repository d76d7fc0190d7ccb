import { programNames } from '../../../dev/topology/names.ts';
import { optionFile, optionNames, type Release } from './helm.ts';

const ownOptions = (service: string): string[] =>
  optionNames().filter((option) => option.startsWith(`${service}-`));
const commonOptions = (): string[] =>
  optionNames().filter((option) => !programNames.some((name) => option.startsWith(`${name}-`)));

const everything = [
  'image.registry=registry.example.com',
  'image.tag=sha256:0123',
  'image.pullSecrets={registry}',
  'priorityClassName=high',
  'nodeSelector.disk=fast',
  'podAnnotations.team=chat',
  'tolerations[0].key=chat',
  'tolerations[0].operator=Exists',
  'serviceAccountName=service',
  'nats.filesSecret=nats-client',
  'metrics.serviceMonitor.labels.release=prometheus',
];
const minimal = [
  'image.tag=1',
  'autoscaling.enabled=false',
  'network.enabled=false',
  'migration.enabled=false',
  'ingress.enabled=false',
  'volume.existingClaim=',
];

/** The default release, one with each of its own options, one with all common options, and a minimal one. */
export const variantsOf = (service: string): (Release & { readonly title: string })[] => [
  { title: service, service },
  ...ownOptions(service).map((option) => ({
    title: `${service} with ${option}`,
    service,
    over: [optionFile(option)],
  })),
  { title: `${service} with everything`, service, over: commonOptions().map(optionFile), set: everything },
  { title: `${service} with the minimum`, service, set: minimal },
];

export const variants = programNames.flatMap(variantsOf);
