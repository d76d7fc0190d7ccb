import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ChannelModel } from 'amqplib';

/** A frozen broker is detected within two heartbeats. */
const HEARTBEAT_S = 5;
const CONNECT_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 1_000;

/** `name`: shown in RabbitMQ's list of connections. The connection's end is the event `close`. */
export async function openConnection(url: string, name: string): Promise<ChannelModel> {
  const model = await connect(withHeartbeat(url), {
    timeout: CONNECT_TIMEOUT_MS,
    noDelay: true,
    clientProperties: { connection_name: name },
  });
  // The failed operations report the cause. Without a listener the process would end.
  model.on('error', () => undefined);
  return model;
}

/** Waits only a limited time: a frozen server never confirms. */
export async function endConnection(model: ChannelModel): Promise<void> {
  await Promise.race([
    model.close().catch(() => undefined),
    sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false }),
  ]);
}

function withHeartbeat(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', HEARTBEAT_S.toString());
  return parsed.href;
}
