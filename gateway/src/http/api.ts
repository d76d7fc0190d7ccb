import type { Bus, Json, RequestOptions } from '@switchboard/shared/bus';
import {
  edgeRequests,
  parse,
  requestContracts,
  type EdgeRequestContract,
  type HttpBinding,
  type RequestContract,
} from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Identity } from '../auth/claims.ts';
import { forReceiver } from '../auth/file-urls.ts';
import type { Authenticator } from './authenticate.ts';
import { hasBody, notJson, readJson } from './body.ts';
import type { RouteName } from './methods.ts';
import { traceOf } from './trace.ts';

export interface ApiParts {
  readonly bus: Bus;
  readonly authenticator: Authenticator;
  /** Reply to the contracts of the edge. */
  readonly edgeHandlers: ReadonlyMap<EdgeRequestContract, (payload: unknown) => unknown>;
  /** What the gateway itself does before a reply of this contract leaves. */
  readonly beforeReply: ReadonlyMap<RequestContract, (reply: unknown) => void>;
  /** Contracts whose owner does not run in this installation. */
  readonly notConfigured: ReadonlySet<RequestContract>;
}

/**
 * A route for each contract with an HTTP binding. It forwards requests to the owner, or replies itself to
 * those of the edge. Throws when the edge lacks a handler.
 */
export function apiRoutes({
  bus,
  authenticator,
  edgeHandlers,
  beforeReply,
  notConfigured,
}: ApiParts): Router {
  const router = Router();
  router.use(readJson);
  for (const contract of edgeRequests) {
    const { http } = contract;
    if (http === undefined) continue;
    const handle = edgeHandlers.get(contract);
    if (handle === undefined) throw new Error(`http: no edge handler for ${http.path}`);
    router[http.method](http.path, async (request, response) => {
      await authenticator.user(request);
      const payload = parse(http.input, inputOf(request, response, http));
      response.status(http.status ?? 200).json(handle(payload));
    });
  }
  for (const contract of requestContracts) {
    const { http } = contract;
    if (http === undefined) continue;
    router[http.method](http.path, async (request, response) => {
      const caller = await authenticator.callerOf(request, contract.caller);
      if (notConfigured.has(contract)) throw new Failure('NOT_CONFIGURED');
      const payload = parse(http.input, inputOf(request, response, http));
      const reply = await bus.forward(contract, payload, { ...senderOf(caller), trace: traceOf(response) });
      beforeReply.get(contract)?.(reply.toJSON());
      const { text } = caller.kind === 'user' ? forReceiver(reply, caller) : reply;
      response.status(statusOf(http, reply)).type('json').send(text);
    });
  }
  return router;
}

const senderOf = (caller: Identity): RequestOptions =>
  caller.kind === 'user' ? { actor: caller.actor } : { machine: caller.machine };

/** The routes of the contracts. */
export const apiRouteNames: readonly RouteName[] = [...edgeRequests, ...requestContracts].flatMap(
  ({ http }) => http ?? [],
);

/** The repeat of a request that creates something creates nothing. */
const statusOf = ({ status = 200 }: HttpBinding<unknown>, reply: Json): number =>
  status !== 200 && Repeat.safeParse(reply.toJSON()).success ? 200 : status;

const Repeat = z.object({ deduplicated: z.literal(true) });

/**
 * Path parameters, query, headers and body as one object. Throws UNSUPPORTED_MEDIA_TYPE for a body that is
 * not JSON, and VALIDATION when two of them have the same name.
 */
function inputOf(
  request: Request,
  response: Response,
  { method, headers = {} }: HttpBinding<unknown>,
): Record<string, unknown> {
  if (request.body === undefined && hasBody(request)) throw notJson(response);
  const body: unknown = method === 'get' ? {} : (request.body ?? {});
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Failure('VALIDATION', { issues: [{ path: '', problem: 'the body must be a JSON object' }] });
  const named = Object.fromEntries(
    Object.entries(headers).flatMap(([header, field]) => {
      const value = request.get(header);
      return value === undefined ? [] : [[field, value]];
    }),
  );
  const parts = [request.params, request.query, named, body].flatMap((part): [string, unknown][] =>
    Object.entries(part),
  );
  const input = Object.fromEntries(parts);
  if (Object.keys(input).length < parts.length)
    throw new Failure('VALIDATION', { issues: [{ path: '', problem: 'a field is given twice' }] });
  return input;
}
