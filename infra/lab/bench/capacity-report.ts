import { PARTS, plan, type Cost, type Part, type UnitCosts, type Workload } from './capacity.ts';
import type { Outcome } from './outcome.ts';
import { median } from './statistics.ts';

const workload = { sendsPerSocketPerMinute: 1, minutesPerVisit: 15 } as const satisfies Partial<Workload>;
const SOCKET_COUNTS = [1_000, 10_000, 100_000, 1_000_000];

/** Derives unit costs from the outcomes; undefined while one of the needed figures is missing. */
export function unitCosts(outcomes: readonly Outcome[]): UnitCosts | undefined {
  const figure = (scenario: string, name: string, of = 'switchboard'): number => {
    const found = outcomes
      .find((outcome) => outcome.scenario === scenario)
      ?.figures.find((one) => one.name === name);
    return median(found?.of[of] ?? []);
  };
  const costOf = (part: Part): Cost => ({
    quiet: {
      perSecond: figure('quiet latency', 'acknowledged sends'),
      micros: figure('quiet latency', `CPU per send, ${part}`),
    },
    busy: {
      perSecond: figure('send', 'acknowledged sends'),
      micros: figure('send', `CPU per send, ${part}`),
    },
  });
  const ofParts = <Value>(of: (part: Part) => Value): Record<Part, Value> => ({
    gateway: of('gateway'),
    'message-service': of('message-service'),
    'presence-service': of('presence-service'),
    nats: of('nats'),
    postgres: of('postgres'),
  });
  const costs = {
    perSend: ofParts(costOf),
    perJoin: ofParts((part) => figure('connect and join', `CPU per join, ${part}`)),
    residentBytesPerSocket: figure('idle', 'resident memory per socket') * 1_024,
    storedBytesPerMessage: figure('history', 'stored per message', '10000000 stored'),
  };
  const all = [
    ...PARTS.flatMap((part) => [
      costs.perSend[part].quiet.micros,
      costs.perSend[part].busy.micros,
      costs.perJoin[part],
    ]),
    costs.residentBytesPerSocket,
    costs.storedBytesPerMessage,
  ];
  return all.every(Number.isFinite) ? costs : undefined;
}

/** The plan for each socket count, as a Markdown table. */
export function capacityTable(costs: UnitCosts): string {
  const rows = SOCKET_COUNTS.map((sockets) => {
    const { sendsPerSecond, joinsPerSecond, processes, gatewaysFor, cores, storedGibPerDay } = plan(
      { ...workload, sockets },
      costs,
    );
    const cells = [
      sockets.toLocaleString('en'),
      sendsPerSecond.toFixed(0),
      joinsPerSecond.toFixed(0),
      `${String(processes.gateway)} (${gatewaysFor}; ${cores.gateway.toFixed(1)} cores)`,
      `${String(processes['message-service'])} (${cores['message-service'].toFixed(1)})`,
      `${String(processes['presence-service'])} (${cores['presence-service'].toFixed(1)})`,
      cores.nats.toFixed(2),
      cores.postgres.toFixed(2),
      storedGibPerDay.toFixed(storedGibPerDay < 10 ? 1 : 0),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return `| sockets | sends/s | joins/s | gateways | message-services | presence-services | NATS, cores | Postgres, cores | stored a day, GiB |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}`;
}
