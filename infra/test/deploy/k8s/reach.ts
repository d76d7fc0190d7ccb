import { BlockList, isIP } from 'node:net';
import { selects, type Peer, type Policy } from './rendered.ts';

/** A pod, or an address outside the cluster, which has no labels and no policies. */
export interface Place {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly address?: string;
}

export const outside = (address: string): Place => ({ name: address, namespace: '', labels: {}, address });

/**
 * Whether the policies of the cluster allow a connection. A pod that no policy selects may make and accept
 * all connections; a selected pod only those that a policy lists.
 */
export function mayReach(policies: readonly Policy[], from: Place, to: Place, port: number): boolean {
  const leaving = policies.filter(
    (policy) => policy.spec.policyTypes.includes('Egress') && covers(policy, from),
  );
  const arriving = policies.filter(
    (policy) => policy.spec.policyTypes.includes('Ingress') && covers(policy, to),
  );
  const leaves =
    leaving.length === 0 ||
    leaving.some(({ metadata, spec }) =>
      spec.egress.some((rule) => allows(rule.to, rule.ports, to, port, metadata.namespace)),
    );
  const arrives =
    arriving.length === 0 ||
    arriving.some(({ metadata, spec }) =>
      spec.ingress.some((rule) => allows(rule.from, rule.ports, from, port, metadata.namespace)),
    );
  return leaves && arrives;
}

const SERVICES = 'switchboard';

const covers = ({ metadata, spec }: Policy, place: Place): boolean =>
  place.address === undefined &&
  place.namespace === (metadata.namespace ?? SERVICES) &&
  selects(spec.podSelector.matchLabels, place.labels);

function allows(
  peers: readonly Peer[],
  ports: readonly { port: number; endPort?: number | undefined }[] | undefined,
  other: Place,
  port: number,
  namespace = SERVICES,
): boolean {
  const portIsIn =
    ports === undefined ||
    ports.some(({ port: first, endPort }) => port >= first && port <= (endPort ?? first));
  return portIsIn && peers.some((peer) => includes(peer, other, namespace));
}

function includes(
  { namespaceSelector, podSelector, ipBlock }: Peer,
  place: Place,
  namespace: string,
): boolean {
  if (ipBlock !== undefined)
    return (
      place.address !== undefined &&
      within(ipBlock.cidr, place.address) &&
      !ipBlock.except.some((cidr) => within(cidr, place.address ?? ''))
    );
  if (place.address !== undefined) return false;
  const namespaceFits =
    namespaceSelector === undefined
      ? place.namespace === namespace
      : selects(namespaceSelector.matchLabels, { 'kubernetes.io/metadata.name': place.namespace });
  return namespaceFits && selects(podSelector?.matchLabels ?? {}, place.labels);
}

function within(cidr: string, address: string): boolean {
  const [base = '', prefix] = cidr.split('/');
  if (isIP(base) !== isIP(address)) return false;
  const family = isIP(base) === 4 ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  block.addSubnet(base, Number(prefix), family);
  return block.check(address, family);
}
