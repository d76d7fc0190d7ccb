import { Failure } from '@switchboard/shared/errors';
import type { Checks, Logger } from '@switchboard/shared/runtime';
import express, { type Express, type Router } from 'express';
import helmet from 'helmet';
import { cors } from './cors.ts';
import { healthRoutes } from './health.ts';
import { problems, traceOf } from './problems.ts';

/** What the HTTP side serves at the moment. */
export interface HttpParts {
  checks: Checks;
  /** The API, once it can be served. */
  api: Router | undefined;
}

/** The HTTP side of the gateway: health at once, the API as soon as it is there. */
export function createHttpApp(served: HttpParts, logger: Logger): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(helmet());
  app.use((_request, response, next) => {
    response.set('Trace-Id', traceOf(response).traceId);
    next();
  });
  app.use(healthRoutes(() => served.checks));
  app.use('/api/v1', cors);
  app.use('/api/v1', (request, response, next) => {
    if (served.api === undefined) throw new Failure('UNAVAILABLE');
    served.api(request, response, next);
  });
  app.use(() => { throw new Failure('ROUTE_NOT_FOUND'); });
  app.use(problems(logger));
  return app;
}
