import { z } from 'zod';
import { isUrl } from '../addresses.ts';
import { EVENTS_EXCHANGE } from '../contracts/index.ts';
import { UNPARSABLE_URL } from '../runtime/config.ts';

export const AmqpUrl = z
  .string({ error: 'needed: amqp://user:password@host:port/vhost' })
  .regex(/^amqps?:\/\//, { error: 'must begin with amqp:// or amqps://' })
  .refine(isUrl, { error: UNPARSABLE_URL });
/** The durable topic exchange; created when missing. */
export const ExchangeName = z
  .string()
  .regex(/^(?!amq\.)[\w.:-]{1,127}$/, {
    error: 'must be a name of letters, digits, "-", "_", "." and ":" that does not begin with "amq."',
  })
  .default(EVENTS_EXCHANGE);

/** The relay's configuration of a service that owns a chat log. */
export const relayConfig = {
  /** Without it no event is published; the log keeps them all. */
  AMQP_URL: AmqpUrl.optional(),
  AMQP_EXCHANGE: ExchangeName,
  /** Where a relay starts that has no cursor yet: at the first entry of the log, or at its end. */
  AMQP_RELAY_FROM: z.enum(['beginning', 'now'], { error: 'must be beginning or now' }).default('beginning'),
} satisfies z.ZodRawShape;
export type RelayConfig = z.output<z.ZodObject<typeof relayConfig>>;
