/** Capacity model: calculates the processes that a number of sockets needs, from the bench's figures. */

/**
 * CPU in µs per operation at two rates, each through one process. Batches make the `busy` one cheaper.
 */
export interface Cost {
  readonly quiet: { readonly perSecond: number; readonly micros: number };
  readonly busy: { readonly perSecond: number; readonly micros: number };
}

export const PARTS = ['gateway', 'message-service', 'presence-service', 'nats', 'postgres'] as const;
export type Part = (typeof PARTS)[number];

export interface UnitCosts {
  readonly perSend: Readonly<Record<Part, Cost>>;
  readonly perJoin: Readonly<Record<Part, number>>;
  readonly residentBytesPerSocket: number;
  readonly storedBytesPerMessage: number;
}

export interface Workload {
  /** Users connected at the peak hour, one socket each, in chats of two. */
  readonly sockets: number;
  readonly sendsPerSocketPerMinute: number;
  readonly minutesPerVisit: number;
}

/**
 * Headroom: the share of a core per process, and the memory per gateway, with which the remaining replicas
 * survive the loss of one.
 */
const SHARE_OF_CORE = 0.5;
const GATEWAY_BYTES = 1.5 * 2 ** 30;
/** Extra gateway load: an event for members on two gateways is received from NATS twice. */
const SPLIT_ROOMS = 1.25;
/** Least number of replicas of gateway, message-service and presence-service. */
const MIN_REPLICAS = 2;
const PEAK_HOURS_PER_DAY = 8;

export interface Plan {
  readonly sendsPerSecond: number;
  readonly joinsPerSecond: number;
  readonly processes: Readonly<Record<'gateway' | 'message-service' | 'presence-service', number>>;
  /** The constraint that sets the number of gateways. */
  readonly gatewaysFor: 'availability' | 'CPU' | 'memory';
  /** CPU load in cores, not a number of servers. */
  readonly cores: Readonly<Record<Part, number>>;
  readonly storedGibPerDay: number;
}

export function plan(
  { sockets, sendsPerSocketPerMinute, minutesPerVisit }: Workload,
  costs: UnitCosts,
): Plan {
  const sends = (sockets * sendsPerSocketPerMinute) / 60;
  const joins = sockets / (minutesPerVisit * 60);
  const load = (part: Part, processes: number): number => {
    const factor = part === 'gateway' ? SPLIT_ROOMS : 1;
    return (
      (sends * factor * costAt(costs.perSend[part], sends / processes) + joins * costs.perJoin[part]) /
      1_000_000
    );
  };
  const processesByCpu = (part: Part): number => {
    let processes = MIN_REPLICAS;
    while (load(part, processes) / processes > SHARE_OF_CORE) processes += 1;
    return processes;
  };
  const byCpu = processesByCpu('gateway');
  const byMemory = Math.ceil((sockets * costs.residentBytesPerSocket) / GATEWAY_BYTES);
  const processes = {
    gateway: Math.max(byCpu, byMemory),
    'message-service': processesByCpu('message-service'),
    'presence-service': processesByCpu('presence-service'),
  };
  const cores = {
    gateway: load('gateway', processes.gateway),
    'message-service': load('message-service', processes['message-service']),
    'presence-service': load('presence-service', processes['presence-service']),
    nats: load('nats', 1),
    // Postgres receives the message-services' batches, so their number sets its cost.
    postgres: load('postgres', processes['message-service']),
  };
  return {
    sendsPerSecond: sends,
    joinsPerSecond: joins,
    processes,
    gatewaysFor: byMemory > byCpu ? 'memory' : byCpu > MIN_REPLICAS ? 'CPU' : 'availability',
    cores,
    storedGibPerDay: (sends * 3_600 * PEAK_HOURS_PER_DAY * costs.storedBytesPerMessage) / 2 ** 30,
  };
}

/** Interpolates log-log between the two measured rates; outside them, returns the nearer cost. */
export function costAt({ quiet, busy }: Cost, perSecond: number): number {
  const share = Math.log(perSecond / quiet.perSecond) / Math.log(busy.perSecond / quiet.perSecond);
  return quiet.micros * (busy.micros / quiet.micros) ** Math.min(1, Math.max(0, share));
}
