/**
 * Places where the chaos suite makes a process die or fail: `FAILPOINTS=message-service-2:message.committed=kill@40` kills
 * the process of that SERVICE_INSTANCE when it passes the place for the fortieth time; `throw@3` throws at the third.
 * Without the variable a place costs one call of an empty function.
 */
type Action = 'kill' | 'throw';

interface Armed {
  readonly action: Action;
  left: number;
}

const armed = new Map<string, Armed>(
  [...(process.env['FAILPOINTS'] ?? '').matchAll(/([\w-]+):([\w.]+)=(kill|throw)@(\d+)/g)].flatMap(([, instance, name = '', action, times]) =>
    instance === process.env['SERVICE_INSTANCE'] ? [[name, { action: action === 'kill' ? 'kill' : 'throw', left: Number(times) }]] : []),
);

export type Failpoint =
  | 'gateway.frameRead'
  | 'bus.requestPublished'
  | 'message.inTransaction'
  | 'message.committed'
  | 'message.told'
  | 'bus.replied';

export const failpoint: (name: Failpoint) => void = armed.size === 0 ? () => undefined : pass;

function pass(name: Failpoint): void {
  const point = armed.get(name);
  if (point === undefined || --point.left !== 0) return;
  if (point.action === 'throw') throw new Error(`failpoint ${name}`);
  process.kill(process.pid, 'SIGKILL');
}
