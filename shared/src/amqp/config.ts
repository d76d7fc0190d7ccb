import { z } from 'zod';
import { EVENTS_EXCHANGE } from '../contracts/index.ts';

export const AmqpUrl = z.string({ error: 'needed: amqp://user:password@host:port/vhost' }).regex(/^amqps?:\/\//, { error: 'must begin with amqp:// or amqps://' });
/** The durable topic exchange; it is made where there is none. */
export const ExchangeName = z.string().regex(/^(?!amq\.)[\w.:-]{1,127}$/, { error: 'must be a name of letters, digits, "-", "_", "." and ":" that does not begin with "amq."' }).default(EVENTS_EXCHANGE);

/** What an owner of a chat log reads of where its events leave. */
export const relayConfig = {
  /** Without it nothing leaves, and nothing is lost: the log keeps it. */
  AMQP_URL: AmqpUrl.optional(),
  AMQP_EXCHANGE: ExchangeName,
  /** Where a relay begins that never ran before: with the first entry of the log, or with what is stored from now on. */
  AMQP_RELAY_FROM: z.enum(['beginning', 'now'], { error: 'must be beginning or now' }).default('beginning'),
} satisfies z.ZodRawShape;
export type RelayConfig = z.output<z.ZodObject<typeof relayConfig>>;
