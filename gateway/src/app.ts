import { randomUUID } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import { Bus } from '@switchboard/shared/bus';
import { Tally } from '@switchboard/shared/limits';
import { ConfigError, InternalServer, noTelemetry, type Logger, type Running, type Telemetry } from '@switchboard/shared/runtime';
import { Router } from 'express';
import { Server } from 'socket.io';
import { Decoder } from 'socket.io-parser';
import { guardHandshake } from './auth/handshake.ts';
import { Revocations, unlessRevoked } from './auth/revocations.ts';
import { Sessions } from './auth/sessions.ts';
import { CONNECT_WITHIN_MS } from './auth/visits.ts';
import { createVerify } from './auth/verify.ts';
import type { Config } from './config.ts';
import { Encoder } from './encoder.ts';
import { apiRoutes } from './http/api.ts';
import { createHttpApp, type HttpParts } from './http/app.ts';
import { Askers } from './http/authenticate.ts';
import { docs } from './http/docs.ts';
import { fileRoutes } from './http/files.ts';
import { gatewayChecks } from './http/health.ts';
import { sendAway } from './farewell.ts';
import { acceptEvents } from './inbound.ts';
import { Admission } from './limits/admission.ts';
import { guardBacklog } from './limits/backlog.ts';
import { EventLimits } from './limits/event-limits.ts';
import { FrameLimits } from './limits/frames.ts';
import { writeOncePerTurn } from './outbound.ts';
import { Presence } from './rooms/presence.ts';
import { Rooms } from './rooms/rooms.ts';
import type { ChatServer } from './sockets.ts';

/** The largest frame: a text of 8,000 characters fits. */
const MAX_FRAME_BYTES = 64 * 1024;
/** From a connection's first byte to its last header; for those who send them one by one. */
const HEADERS_TIMEOUT_MS = 10_000;
/** For the largest file on a slow line. */
const REQUEST_TIMEOUT_MS = 300_000;
const CHECK_TIMEOUTS_EVERY_MS = 2_000;

/** The gateway, serving. Waits for NATS and presence-service as long as they take; meanwhile it is live, not ready, and lets nobody in. */
export async function createGateway(config: Config, logger: Logger, telemetry: Telemetry = noTelemetry): Promise<Running & { readonly port: number; readonly internalUrl: string }> {
  const gatewayId = randomUUID();
  const admission = new Admission(config, logger);
  const served: HttpParts = { checks: { started: () => false }, api: undefined, docs: config.DOCS ? docs() : undefined };

  const http = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: CHECK_TIMEOUTS_EVERY_MS,
    shouldUpgradeCallback: admission.mayUpgrade,
  }, createHttpApp(served, admission, telemetry, logger));
  admission.watch(http);
  await listen(http, config.HOST, config.PORT);
  const internal = await InternalServer.listen(config.INTERNAL_HOST, config.INTERNAL_PORT);
  const bus = await Bus.connect({ url: config.NATS_URL, user: 'gateway', logger, recorder: telemetry.recorder });
  served.checks = { ...gatewayChecks(bus), started: () => false };
  const revocations = await Revocations.read(bus, logger);

  const verify = unlessRevoked(createVerify(config), revocations);
  const limits = new EventLimits(config.RATE_LIMIT_EVENTS);
  const frames = new FrameLimits(config.RATE_LIMIT_EVENTS);
  const io: ChatServer = new Server(http, {
    serveClient: false, maxHttpBufferSize: MAX_FRAME_BYTES, connectTimeout: CONNECT_WITHIN_MS, httpCompression: false,
    parser: { Encoder, Decoder }, wsEngine: frames.wsEngine, cors: { origin: config.ALLOWED_ORIGINS === 'any' ? '*' : [...config.ALLOWED_ORIGINS] },
  });
  admission.watchSessions(io);
  frames.watch(io, (userId) => { limits.coolDown(userId); });
  guardBacklog(io);
  writeOncePerTurn(io);
  guardHandshake(io, { bus, gatewayId, verify, allowQueryToken: config.AUTH_QUERY_TOKEN, limits, sockets: new Tally(config.MAX_SOCKETS_PER_USER), logger });
  const sessions = new Sessions(io, verify, revocations);
  const presence = new Presence(bus, gatewayId, logger);
  const rooms = new Rooms(io, bus, presence, gatewayId, logger);
  const edgeEvents = { joinChat: rooms.joinChat, leaveChat: rooms.leaveChat, refreshToken: sessions.refreshToken };
  const inbound = acceptEvents(io, { bus, gatewayId, edgeEvents, limits, maxInFlight: config.MAX_IN_FLIGHT, logger });
  revocations.follow(() => { sessions.endRevoked(); });
  const askers = new Askers(verify, limits, config.MAX_IN_FLIGHT);
  served.api = Router().use(fileRoutes(bus, askers, config.MAX_FILE_BYTES), apiRoutes(bus, askers));
  served.checks = gatewayChecks(bus);
  internal.serve(served.checks, [telemetry.metricsPage]);
  logger.info({ port: portOf(http) }, 'ready');

  return {
    port: portOf(http),
    internalUrl: internal.url,
    async stop() {
      internal.withdraw();
      served.checks = { stopping: () => false };
      http.close();
      revocations.stop();
      await sendAway([...io.sockets.sockets.values()], inbound);
      await io.close();
      rooms.stop();
      admission.stop();
      await presence.stop();
      await bus.close();
      await internal.close();
    },
  };
}

function listen(http: HttpServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new ConfigError(`PORT: ${port.toString()} is taken by another process; choose another`) : error);
    });
    http.listen(port, host, resolve);
  });
}

function portOf(http: HttpServer): number {
  const address = http.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
