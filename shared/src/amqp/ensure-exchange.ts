import type { ChannelModel } from 'amqplib';

const NOT_FOUND = 404;

/**
 * Creates the durable topic exchange only when it is missing: a user without that right can use an existing
 * one.
 */
export async function ensureExchange(model: ChannelModel, exchange: string): Promise<void> {
  if (await exists(model, exchange)) return;
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  await channel.assertExchange(exchange, 'topic', { durable: true });
  await channel.close();
}

/** Uses a channel of its own, since a 404 closes it. */
async function exists(model: ChannelModel, exchange: string): Promise<boolean> {
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  try {
    await channel.checkExchange(exchange);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === NOT_FOUND) return false;
    throw error;
  }
  await channel.close();
  return true;
}
