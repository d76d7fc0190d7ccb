import type { RequestListener } from 'node:http';
import { Failure } from '@switchboard/shared/errors';
import { markUnanswered, type Checks, type Logger, type Telemetry } from '@switchboard/shared/runtime';
import express, { type Express, type Request, type RequestHandler, type Response, type Router } from 'express';
import helmet from 'helmet';
import type { Admission } from '../limits/admission.ts';
import { cors } from './cors.ts';
import { healthRoutes } from './health.ts';
import { problems } from './problems.ts';
import { beginTrace } from './trace.ts';

/** What the HTTP side serves at the moment. */
export interface HttpParts {
  checks: Checks;
  /** The API, once it can be served. */
  api: Router | undefined;
  /** The contracts, where they are shown. */
  readonly docs: RequestHandler | undefined;
}

const API = '/api/v1';

/** The HTTP side of the gateway: health at once, the API as soon as it is there. */
export function createHttpApp(served: HttpParts, admission: Admission, telemetry: Telemetry, logger: Logger): RequestListener {
  const app = createExpress(served, admission, telemetry, logger);
  return (request, response) => {
    // What is no URL names no route; Express would answer it past everything of ours.
    if (!URL.canParse(request.url ?? '', 'http://localhost')) request.url = '/';
    app(request, response);
  };
}

function createExpress(served: HttpParts, admission: Admission, telemetry: Telemetry, logger: Logger): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(helmet());
  app.use((request, response, next) => {
    markUnanswered(response);
    response.prependOnceListener('close', () => { nameRoute(request, telemetry); });
    response.set('Trace-Id', beginTrace(response, telemetry).traceId);
    next();
  });
  app.use((request, response, next) => {
    if (request.path !== '/livez') takeRequest(admission, request, response);
    next();
  });
  app.use(healthRoutes(() => served.checks));
  if (served.docs !== undefined) app.use('/docs', served.docs);
  app.use(API, cors(admission));
  app.use(API, (request, response, next) => {
    if (served.api === undefined) throw new Failure('UNAVAILABLE');
    served.api(request, response, next);
  });
  app.use(() => { throw new Failure('ROUTE_NOT_FOUND'); });
  app.use(problems(logger));
  return app;
}

/** Whoever asks too often is answered once per connection. */
function takeRequest(admission: Admission, request: Request, response: Response): void {
  try {
    admission.takeRequest(request);
  } catch (error) {
    response.set('Connection', 'close');
    throw error;
  }
}

/** Whichever route of the API took the request, by its pattern; a path that nobody serves has no name. */
function nameRoute(request: Request, telemetry: Telemetry): void {
  const route: unknown = request.route;
  if (typeof route === 'object' && route !== null && 'path' in route && typeof route.path === 'string') telemetry.nameRoute(`${API}${route.path}`);
}
