import type { ChannelModel } from 'amqplib';

const NOT_FOUND = 404;

/** The durable topic exchange is there afterwards. It is made only where there is none: whoever finds it needs no right to make it. */
export async function ensureExchange(model: ChannelModel, exchange: string): Promise<void> {
  if (await isThere(model, exchange)) return;
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  await channel.assertExchange(exchange, 'topic', { durable: true });
  await channel.close();
}

/** On a channel of its own, since a "no" ends it. */
async function isThere(model: ChannelModel, exchange: string): Promise<boolean> {
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
