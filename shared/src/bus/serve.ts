import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { parse, withoutFields } from '../contracts/parse.ts';
import type { RequestContract } from '../contracts/define.ts';
import { Failure, type ErrorCode } from '../errors.ts';
import { Coalescer, lines } from './coalesce.ts';
import {
  encodeFailure,
  encodeNotExecuted,
  encodeReply,
  readJson,
  RequestBatch,
  RequestEnvelope,
} from './envelope.ts';
import { RequestContext, type Handler } from './handler.ts';
import type { Standstill } from './standstill.ts';
import { addressedSubject, queueOf } from './subjects.ts';
import { DurationHistogram } from '../telemetry/instruments.ts';
import { NATS_RPC, RPC_LABELS } from './semantics.ts';
import type { OpenSpan, Spans } from '../telemetry/spans.ts';
import { newTrace, readTraceparent } from '../telemetry/trace.ts';
import type { Tick } from './tick.ts';

export interface Server {
  /** Accepts no new requests; resolves once the accepted ones have their replies. */
  stop(): Promise<void>;
}

const durations = new DurationHistogram(
  'rpc.server.call.duration',
  'From receiving a request to its reply',
  RPC_LABELS,
  NATS_RPC,
);

export interface ServeParts {
  readonly nats: NatsConnection;
  readonly tick: Tick;
  /** Of this replica, in the subjects of requests for it alone. */
  readonly replica: string;
  readonly standstill: Pick<Standstill, 'isStale'>;
  readonly spans: Spans;
  readonly logger: Logger;
}

/**
 * Serves one contract: requests addressed to this replica, and those to the owner's queue group. Every
 * request gets a reply, unless its time is over. One that waited during a standstill is not executed.
 */
export function serve<C extends RequestContract>(
  contract: C,
  handler: Handler<C>,
  { nats, tick, replica, standstill, spans, logger }: ServeParts,
): Server {
  const working = new Set<Promise<void>>();
  const replies = new Coalescer(tick, (inbox, items) => {
    try {
      nats.publish(inbox, lines(items));
    } catch (error) {
      logger.error({ err: error, subject: contract.subject }, 'bus: publishing replies failed');
    }
  });

  const receive = (message: Msg) => {
    const { reply } = message;
    if (reply === undefined) return;
    const isStale = standstill.isStale;
    for (const envelope of envelopesOf(message)) {
      if (isStale) {
        replies.add(reply, { id: envelope.id, text: encodeNotExecuted(envelope.id) });
        continue;
      }
      const work = replyTo(contract, handler, envelope, spans, logger).then((text) => {
        if (text !== undefined) replies.add(reply, { id: envelope.id, text });
        working.delete(work);
      });
      working.add(work);
    }
  };

  /** Drops an unreadable request alone, without the others of its batch. */
  function envelopesOf(message: Msg): RequestEnvelope[] {
    const batch = RequestBatch.safeParse(readJson(message.string())).data ?? [undefined];
    return batch.flatMap((item) => {
      const envelope = RequestEnvelope.safeParse(item);
      if (!envelope.success) logger.warn({ subject: contract.subject }, 'bus: dropped an unreadable request');
      return envelope.data ?? [];
    });
  }

  const callback = (error: Error | null, message: Msg): void => {
    if (error === null) receive(message);
  };
  const subscriptions: Subscription[] = [
    nats.subscribe(addressedSubject(contract.subject, replica), { callback }),
    nats.subscribe(contract.subject, { queue: queueOf(contract.subject), callback }),
  ];

  return {
    async stop() {
      await Promise.all(subscriptions.map((subscription) => subscription.drain()));
      while (working.size > 0) await Promise.all(working);
      replies.flush();
    },
  };
}

/** The encoded reply; undefined once the request's time is over. */
async function replyTo<C extends RequestContract>(
  contract: C,
  handler: Handler<C>,
  envelope: RequestEnvelope,
  spans: Spans,
  logger: Logger,
): Promise<string | undefined> {
  const span = beginSpan(contract, envelope, spans);
  const context = new RequestContext(span?.trace ?? newTrace(), envelope.ttlMs, envelope);
  const startedAt = performance.now();
  const end = (outcome?: ErrorCode) => {
    span?.end(outcome);
    durations.record(performance.now() - startedAt, contract.subject, outcome);
  };
  try {
    if (!context.isFrom(contract.caller)) throw new Failure('UNAUTHORIZED');
    const payload = parseTolerantly<C['payload']>(contract.payload, envelope.payload);
    const reply = await (span === undefined
      ? handler(payload, context)
      : span.run(() => handler(payload, context)));
    end();
    return context.isExpired ? undefined : encodeReply(envelope.id, reply);
  } catch (error) {
    const failure = toFailure(error, contract, context, logger);
    end(failure.code);
    return context.isExpired ? undefined : encodeFailure(envelope.id, failure);
  }
}

function beginSpan(
  { subject }: RequestContract,
  { traceparent, origin }: RequestEnvelope,
  spans: Spans,
): OpenSpan | undefined {
  const caller = readTraceparent(traceparent);
  return (
    caller &&
    spans.begin(subject, 'server', {
      parent: { ...caller, origin },
      attributes: { ...NATS_RPC, 'rpc.method': subject },
    })
  );
}

function toFailure(
  error: unknown,
  contract: RequestContract,
  { trace }: RequestContext,
  logger: Logger,
): Failure {
  if (error instanceof Failure) {
    if (error.cause !== undefined)
      logger.warn(
        { err: error.cause, code: error.code, subject: contract.subject, trace_id: trace.traceId },
        'bus: a request failed',
      );
    return error;
  }
  logger.error(
    { err: error, subject: contract.subject, trace_id: trace.traceId },
    'bus: a request failed unexpectedly',
  );
  return new Failure('INTERNAL');
}

/**
 * Parses the payload of a possibly newer caller: drops fields that this version does not know. Everything
 * else is as strict as at the edge, which rejects those fields too.
 */
export function parseTolerantly<S extends z.ZodType>(schema: S, data: unknown): z.output<S> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const unknown = result.error.issues.filter((issue) => issue.code === 'unrecognized_keys');
  return parse(
    schema,
    unknown.reduce((rest, issue) => withoutFields(rest, issue.path, issue.keys), data),
  );
}
