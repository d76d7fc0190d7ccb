/**
 * Places where the chaos suite makes a process die or fail: `FAILPOINTS=message-service-2:message.committed=kill@40` kills
 * the process of that SERVICE_INSTANCE when it passes the place for the fortieth time; `throw@3` throws at the third, and
 * `throw@SIGUSR2` whenever it is passed after that signal.
 * Without the variable a place costs one call of an empty function.
 */
type Action = 'kill' | 'throw';

interface Armed {
  readonly action: Action;
  /** Passes until it acts; after a signal it always does. */
  left: number | 'signal';
}

let isSignalled = false;

const armed = new Map<string, Armed>(
  [...(process.env['FAILPOINTS'] ?? '').matchAll(/([\w-]+):([\w.]+)=(kill|throw)@(\d+|SIGUSR2)/g)].flatMap(([, instance, name = '', action, times]) =>
    instance === process.env['SERVICE_INSTANCE'] ? [[name, { action: action === 'kill' ? 'kill' : 'throw', left: times === 'SIGUSR2' ? 'signal' : Number(times) }]] : []),
);

export type Failpoint =
  | 'gateway.frameRead'
  | 'bus.requestPublished'
  | 'postgres.work'
  | 'message.inTransaction'
  | 'message.committed'
  | 'message.told'
  | 'bus.replied'
  | 'relay.publishing'
  | 'relay.confirmed'
  | 'relay.pageConfirmed';

if (armed.size > 0) process.on('SIGUSR2', () => { isSignalled = true; });

export const failpoint: (name: Failpoint) => void = armed.size === 0 ? () => undefined : pass;

function pass(name: Failpoint): void {
  const point = armed.get(name);
  if (point === undefined) return;
  if (point.left === 'signal' ? !isSignalled : --point.left !== 0) return;
  if (point.action === 'throw') throw new Error(`failpoint ${name}`);
  process.kill(process.pid, 'SIGKILL');
}
