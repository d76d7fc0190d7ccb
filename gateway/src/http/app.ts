import type { RequestListener } from 'node:http';
import { Failure } from '@switchboard/shared/errors';
import { markUnanswered, type Checks, type Logger, type Telemetry } from '@switchboard/shared/runtime';
import express, {
  type Express,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import helmet from 'helmet';
import type { Admission } from '../connection/admission.ts';
import { allowOrigin, preflights } from './cors.ts';
import { healthRoutes } from './health.ts';
import { home } from './home.ts';
import { problems } from './problems.ts';
import { addRateLimit } from './rate-limit.ts';
import { beginTrace } from './trace.ts';

/** What HTTP serves at the moment. */
export interface HttpParts {
  checks: Checks;
  /** Undefined until the API can be served. */
  api: Router | undefined;
  /** The contracts; undefined where they are not shown. */
  readonly docs: RequestHandler | undefined;
}

const API = '/api/v1';

/** The HTTP server of the gateway: health at once, the API as soon as it is ready. */
export function createHttpApp(
  served: HttpParts,
  admission: Admission,
  telemetry: Telemetry,
  logger: Logger,
): RequestListener {
  const app = createExpress(served, admission, telemetry, logger);
  return (request, response) => {
    // For an invalid URL Express would send its own response and skip the middleware here.
    if (!URL.canParse(request.url ?? '', 'http://localhost')) request.url = '/invalid-url';
    app(request, response);
  };
}

function createExpress(
  served: HttpParts,
  admission: Admission,
  telemetry: Telemetry,
  logger: Logger,
): Express {
  const app = express();
  app.disable('x-powered-by');
  // Over plain HTTP, as on a developer's machine, links must stay as they are.
  app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } }));
  app.use((request, response, next) => {
    markUnanswered(response);
    telemetry.nameClient(admission.clientAddress(request));
    response.prependOnceListener('close', () => {
      nameRoute(request, telemetry);
    });
    response.set('Trace-Id', beginTrace(response, telemetry).traceId);
    next();
  });
  // Before the limit, so that pages can also read a 429.
  app.use(API, allowOrigin(admission));
  app.use((request, response, next) => {
    if (request.path !== '/livez') admitRequest(admission, request, response);
    next();
  });
  app.use(healthRoutes(() => served.checks));
  if (served.docs !== undefined) app.get('/', home).use('/docs', served.docs);
  app.use(API, preflights);
  app.use(API, (request, response, next) => {
    if (served.api === undefined) throw new Failure('UNAVAILABLE');
    served.api(request, response, next);
  });
  app.use(() => {
    throw new Failure('ROUTE_NOT_FOUND');
  });
  app.use(problems(logger));
  return app;
}

/** As Express matches the prefix. */
const isOfApi = ({ path }: Request): boolean => `${path}/`.toLowerCase().startsWith(`${API}/`);

/** Above the rate limit the reply ends the connection. */
function admitRequest(admission: Admission, request: Request, response: Response): void {
  try {
    admission.admitRequest(request);
  } catch (error) {
    response.set('Connection', 'close');
    throw error;
  } finally {
    if (isOfApi(request)) addRateLimit(response, 'address', admission.addressLevel(request));
  }
}

/** Names the span after the route's pattern. A path without a route has no name. */
function nameRoute(request: Request, telemetry: Telemetry): void {
  const route: unknown = request.route;
  if (typeof route === 'object' && route !== null && 'path' in route && typeof route.path === 'string')
    telemetry.nameRoute(`${API}${route.path}`);
}
