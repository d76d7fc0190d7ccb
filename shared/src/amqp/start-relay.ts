import type { RelayConfig } from './config.ts';
import { Relay, type RelayOptions } from './relay.ts';

/** Starts a relay if RabbitMQ is configured. Returns how to stop. */
export function startRelay(
  { AMQP_URL: url, AMQP_EXCHANGE: exchange, AMQP_RELAY_FROM: from }: RelayConfig,
  options: Omit<RelayOptions, 'url' | 'exchange' | 'from'>,
): () => Promise<void> {
  if (url === undefined) return () => Promise.resolve();
  const relay = new Relay({ ...options, url, exchange, from });
  return () => relay.stop();
}
