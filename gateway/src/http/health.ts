import type { Bus } from '@switchboard/shared/bus';
import {
  chatContracts,
  messageContracts,
  presenceContracts,
  type RequestContract,
} from '@switchboard/shared/contracts';
import { readiness, type Checks } from '@switchboard/shared/runtime';
import { Router } from 'express';
import { otherMethods } from './methods.ts';

const LIVEZ = { method: 'get', path: '/livez' } as const;
const READYZ = { method: 'get', path: '/readyz' } as const;

const PING_TIMEOUT_MS = 800;

/** Readiness: NATS is connected, and each service replies. */
export function gatewayChecks(bus: Bus): Checks {
  const repliesTo = (ping: RequestContract) => async () => {
    await bus.forward(ping, {}, { timeoutMs: PING_TIMEOUT_MS });
    return true;
  };
  return {
    nats: () => bus.isConnected,
    'chat-service': repliesTo(chatContracts.ping),
    'message-service': repliesTo(messageContracts.ping),
    'presence-service': repliesTo(presenceContracts.ping),
  };
}

/** `/livez` replies while the event loop runs; `/readyz` with 200 only while the gateway can serve. */
export function healthRoutes(checks: () => Checks): Router {
  const router = Router();
  router.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  router.get(LIVEZ.path, (_request, response) => {
    response.json({ live: true });
  });
  router.get(READYZ.path, async (request, response) => {
    const state = await readiness(checks(), request.originalUrl.split('?')[1]);
    response.status(state.ready ? 200 : 503).json(state);
  });
  return router.use(otherMethods([LIVEZ, READYZ]));
}
