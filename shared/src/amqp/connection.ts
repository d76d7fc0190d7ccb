import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ChannelModel } from 'amqplib';

/** A broker that stands still is noticed within twice that. */
const HEARTBEAT_S = 5;
const CONNECT_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 1_000;

/** `name`: shown in RabbitMQ's list of connections. Whoever uses it hears of its end by `close`. */
export async function openConnection(url: string, name: string): Promise<ChannelModel> {
  const model = await connect(withHeartbeat(url), { timeout: CONNECT_TIMEOUT_MS, noDelay: true, clientProperties: { connection_name: name } });
  // What ends a connection is told with what could then not be done.
  model.on('error', () => undefined);
  return model;
}

/** A frozen server never says goodbye. */
export async function endConnection(model: ChannelModel): Promise<void> {
  await Promise.race([model.close().catch(() => undefined), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
}

function withHeartbeat(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', HEARTBEAT_S.toString());
  return parsed.href;
}
