import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { parse } from '../contracts/parse.ts';
import type { RequestContract } from '../contracts/define.ts';
import { Failure, type ErrorCode } from '../errors.ts';
import { failpoint } from '../failpoints.ts';
import { Coalescer, lines } from './coalesce.ts';
import { encodeFailure, encodeReply, readJson, RequestBatch, RequestEnvelope } from './envelope.ts';
import { RequestContext, type Handler } from './handler.ts';
import { queueOf } from './subjects.ts';
import { Durations } from './instruments.ts';
import { NATS_RPC, RPC_LABELS } from './semantics.ts';
import type { OpenSpan, Spans } from './spans.ts';
import { newTrace, readTraceparent } from './trace.ts';
import type { Turn } from './turn.ts';

export interface Server {
  /** Takes no new requests; resolves once those taken are answered. */
  stop(): Promise<void>;
}

const durations = new Durations('rpc.server.call.duration', 'From taking a request to its answer', RPC_LABELS, NATS_RPC);

/** Serves one contract with the owner's queue group. Every request taken is answered, unless nobody waits for it any more. */
export function serve<C extends RequestContract>(nats: NatsConnection, turn: Turn, contract: C, handler: Handler<C>, spans: Spans, logger: Logger): Server {
  const working = new Set<Promise<void>>();
  const replies = new Coalescer(turn, (inbox, items) => {
    try {
      nats.publish(inbox, lines(items));
      failpoint('bus.replied');
    } catch (error) {
      logger.error({ err: error, subject: contract.subject }, 'answers could not be sent');
    }
  });

  const take = (message: Msg) => {
    const { reply } = message;
    if (reply === undefined) return;
    for (const envelope of envelopesOf(message)) {
      const work = answer(contract, handler, envelope, spans, logger).then((text) => {
        if (text !== undefined) replies.add(reply, { id: envelope.id, text });
        working.delete(work);
      });
      working.add(work);
    }
  };

  /** One that cannot be read is dropped, and takes nobody along who travels with it. */
  function envelopesOf(message: Msg): RequestEnvelope[] {
    const batch = RequestBatch.safeParse(readJson(message.string())).data ?? [undefined];
    return batch.flatMap((item) => {
      const envelope = RequestEnvelope.safeParse(item);
      if (!envelope.success) logger.warn({ subject: contract.subject }, 'a request that cannot be read was dropped');
      return envelope.data ?? [];
    });
  }

  const subscription: Subscription = nats.subscribe(contract.subject, {
    queue: queueOf(contract.subject),
    callback: (error, message) => { if (error === null) take(message); },
  });

  return {
    async stop() {
      await subscription.drain();
      while (working.size > 0) await Promise.all(working);
      replies.flush();
    },
  };
}

/** As it is written on the wire; undefined when nobody waits for it any more. */
async function answer<C extends RequestContract>(contract: C, handler: Handler<C>, envelope: RequestEnvelope, spans: Spans, logger: Logger): Promise<string | undefined> {
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
    const reply = await (span === undefined ? handler(payload, context) : span.run(() => handler(payload, context)));
    end();
    return context.isExpired ? undefined : encodeReply(envelope.id, reply);
  } catch (error) {
    const failure = toFailure(error, contract, context, logger);
    end(failure.code);
    return context.isExpired ? undefined : encodeFailure(envelope.id, failure);
  }
}

function beginSpan({ subject }: RequestContract, { traceparent, origin }: RequestEnvelope, spans: Spans): OpenSpan | undefined {
  const caller = readTraceparent(traceparent);
  return caller && spans.begin(subject, 'server', { parent: { ...caller, origin }, attributes: { ...NATS_RPC, 'rpc.method': subject } });
}

function toFailure(error: unknown, contract: RequestContract, { trace }: RequestContext, logger: Logger): Failure {
  if (error instanceof Failure) {
    if (error.cause !== undefined) logger.warn({ err: error.cause, code: error.code, subject: contract.subject, trace_id: trace.traceId }, 'a request failed');
    return error;
  }
  logger.error({ err: error, subject: contract.subject, trace_id: trace.traceId }, 'a request failed unexpectedly');
  return new Failure('INTERNAL');
}

/**
 * Reads what a newer caller sent: fields that this version does not know are left out, where the edge refuses them.
 * Everything else is checked as strictly as there.
 */
export function parseTolerantly<S extends z.ZodType>(schema: S, data: unknown): z.output<S> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const unknown = result.error.issues.filter((issue) => issue.code === 'unrecognized_keys');
  return parse(schema, unknown.reduce((rest, issue) => without(rest, issue.path, issue.keys), data));
}

function without(data: unknown, path: readonly PropertyKey[], keys: readonly string[]): unknown {
  if (typeof data !== 'object' || data === null) return data;
  const [head, ...tail] = path;
  if (Array.isArray(data)) return data.map((item: unknown, index) => (index === head ? without(item, tail, keys) : item));
  if (head === undefined) return Object.fromEntries(Object.entries(data).filter(([key]) => !keys.includes(key)));
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, key === head ? without(value, tail, keys) : value]));
}
