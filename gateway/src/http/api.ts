import type { Bus } from '@switchboard/shared/bus';
import { parse, requestContracts, type HttpBinding } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import express, { Router, type Request } from 'express';
import type { Askers } from './authenticate.ts';
import { traceOf } from './trace.ts';

const MAX_BODY = '64kb';

/** Every contract that names a path, forwarded to its owner as the sockets' events are. */
export function apiRoutes(bus: Bus, askers: Askers): Router {
  const router = Router();
  router.use(express.json({ limit: MAX_BODY, type: ['application/json', 'application/merge-patch+json'] }));
  for (const contract of requestContracts) {
    const { http } = contract;
    if (http === undefined) continue;
    router[http.method](http.path, async (request, response) => {
      const asker = await askers.of(request, contract.caller);
      const payload = parse(http.input, inputOf(request, http));
      const reply = await bus.forward(contract, payload, { ...asker, trace: traceOf(response) });
      response.status(http.status ?? 200).type('json').send(reply.text);
    });
  }
  return router;
}

/** Path parameters, query and body as one object. Throws VALIDATION when a name stands in two of them. */
function inputOf(request: Request, { method }: HttpBinding<unknown>): Record<string, unknown> {
  if (request.body === undefined && hasBody(request)) throw new Failure('VALIDATION', { issues: [{ path: '', problem: 'the body must be application/json' }] });
  const body: unknown = method === 'get' ? {} : (request.body ?? {});
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Failure('VALIDATION', { issues: [{ path: '', problem: 'the body must be a JSON object' }] });
  const parts = [request.params, request.query, body].flatMap((part): [string, unknown][] => Object.entries(part));
  const input = Object.fromEntries(parts);
  if (Object.keys(input).length < parts.length) throw new Failure('VALIDATION', { issues: [{ path: '', problem: 'a field is given twice' }] });
  return input;
}

const hasBody = ({ headers }: Request): boolean => headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
