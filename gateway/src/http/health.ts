import type { Bus } from '@switchboard/shared/bus';
import { chatContracts, messageContracts, presenceContracts, type RequestContract } from '@switchboard/shared/contracts';
import { readiness, type Checks } from '@switchboard/shared/runtime';
import { Router } from 'express';

const PING_TIMEOUT_MS = 800;

/** What the gateway needs to serve: NATS, and an answer from each service. */
export function gatewayChecks(bus: Bus): Checks {
  const answersTo = (ping: RequestContract) => async () => {
    await bus.forward(ping, {}, { timeoutMs: PING_TIMEOUT_MS });
    return true;
  };
  return {
    'nats': () => bus.isConnected,
    'chat-service': answersTo(chatContracts.ping),
    'message-service': answersTo(messageContracts.ping),
    'presence-service': answersTo(presenceContracts.ping),
  };
}

/** `/livez` answers whenever the event loop turns; `/readyz` with 200 only while the gateway can really serve. */
export function healthRoutes(checks: () => Checks): Router {
  const router = Router();
  router.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  router.get('/livez', (_request, response) => { response.json({ live: true }); });
  router.get('/readyz', async (request, response) => {
    const state = await readiness(checks(), request.originalUrl.split('?')[1]);
    response.status(state.ready ? 200 : 503).json(state);
  });
  return router;
}
