/** How many processes of each kind a number of people needs: a calculation from what the bench measured. */

/** CPU in µs. `quiet` and `busy`: at so many a second through one process; batches make the busy one cheaper. */
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
  /** People connected at the busiest hour, one socket each, in chats of two. */
  readonly sockets: number;
  readonly sendsPerSocketPerMinute: number;
  readonly minutesPerVisit: number;
}

/** What a process may use of a core, and a gateway of memory, so that the loss of a neighbour does not take it along. */
const SHARE_OF_CORE = 0.5;
const GATEWAY_BYTES = 1.5 * 2 ** 30;
/** An event for members on two gateways is taken from NATS twice. */
const SPLIT_ROOMS = 1.25;
/** What a gateway, a message-service and a presence-service are run with at least. */
const AT_LEAST = 2;
const HOURS_A_DAY_AS_BUSY = 8;

export interface Plan {
  readonly sendsPerSecond: number;
  readonly joinsPerSecond: number;
  readonly processes: Readonly<Record<'gateway' | 'message-service' | 'presence-service', number>>;
  /** What the number of gateways follows from. */
  readonly gatewaysFor: 'availability' | 'CPU' | 'memory';
  /** Cores' worth of work, not a number of servers. */
  readonly cores: Readonly<Record<Part, number>>;
  readonly storedGibPerDay: number;
}

export function plan({ sockets, sendsPerSocketPerMinute, minutesPerVisit }: Workload, costs: UnitCosts): Plan {
  const sends = (sockets * sendsPerSocketPerMinute) / 60;
  const joins = sockets / (minutesPerVisit * 60);
  const load = (part: Part, processes: number): number => {
    const factor = part === 'gateway' ? SPLIT_ROOMS : 1;
    return (sends * factor * costAt(costs.perSend[part], sends / processes) + joins * costs.perJoin[part]) / 1_000_000;
  };
  const enough = (part: Part): number => {
    let processes = AT_LEAST;
    while (load(part, processes) / processes > SHARE_OF_CORE) processes += 1;
    return processes;
  };
  const byCpu = enough('gateway');
  const byMemory = Math.ceil((sockets * costs.residentBytesPerSocket) / GATEWAY_BYTES);
  const processes = { 'gateway': Math.max(byCpu, byMemory), 'message-service': enough('message-service'), 'presence-service': enough('presence-service') };
  const cores = {
    'gateway': load('gateway', processes.gateway),
    'message-service': load('message-service', processes['message-service']),
    'presence-service': load('presence-service', processes['presence-service']),
    'nats': load('nats', 1),
    // Its batches are those of the message-services.
    'postgres': load('postgres', processes['message-service']),
  };
  return {
    sendsPerSecond: sends,
    joinsPerSecond: joins,
    processes,
    gatewaysFor: byMemory > byCpu ? 'memory' : byCpu > AT_LEAST ? 'CPU' : 'availability',
    cores,
    storedGibPerDay: (sends * 3_600 * HOURS_A_DAY_AS_BUSY * costs.storedBytesPerMessage) / 2 ** 30,
  };
}

/** Between the two that were measured, as a straight line of logarithms; outside them, the nearer one. */
export function costAt({ quiet, busy }: Cost, perSecond: number): number {
  const share = Math.log(perSecond / quiet.perSecond) / Math.log(busy.perSecond / quiet.perSecond);
  return quiet.micros * (busy.micros / quiet.micros) ** Math.min(1, Math.max(0, share));
}
