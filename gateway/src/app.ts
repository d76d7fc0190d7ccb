import { randomUUID } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import { Bus } from '@switchboard/shared/bus';
import { edgeContracts, presenceContracts, webhookContracts } from '@switchboard/shared/contracts';
import { KeyedSemaphore } from '@switchboard/shared/limits';
import {
  InternalServer,
  listenError,
  natsAccess,
  noTelemetry,
  type Logger,
  type Running,
  type Telemetry,
} from '@switchboard/shared/runtime';
import { Router } from 'express';
import { Server } from 'socket.io';
import { Decoder } from 'socket.io-parser';
import { guardHandshake } from './auth/handshake.ts';
import { explained } from './auth/refusal.ts';
import { Revocations, unlessRevoked } from './auth/revocations.ts';
import { Sessions } from './auth/sessions.ts';
import { CONNECT_WITHIN_MS } from './auth/visits.ts';
import { UserIds } from './auth/user-ids.ts';
import { createVerify } from './auth/verify.ts';
import { capabilitiesOf } from './capabilities.ts';
import type { Config } from './config.ts';
import { Encoder } from './connection/encoder.ts';
import { apiRouteNames, apiRoutes } from './http/api.ts';
import { createHttpApp, type HttpParts } from './http/app.ts';
import { Authenticator } from './http/authenticate.ts';
import { socketCors } from './http/cors.ts';
import { docs } from './http/docs.ts';
import { fileRouteNames, fileRoutes } from './http/files.ts';
import { gatewayChecks } from './http/health.ts';
import { otherMethods } from './http/methods.ts';
import { drain } from './connection/drain.ts';
import { acceptEvents } from './events/inbound.ts';
import { refuseFrame } from './events/reply.ts';
import { Admission } from './connection/admission.ts';
import { guardBacklog } from './connection/backlog.ts';
import { EventLimits } from './events/event-limits.ts';
import { FrameLimits, MAX_FRAME_BYTES } from './connection/frames.ts';
import { writeOncePerTick } from './connection/outbound.ts';
import { sendReady } from './connection/ready.ts';
import { Presence } from './rooms/presence.ts';
import { Rooms } from './rooms/rooms.ts';
import type { ChatServer } from './connection/sockets.ts';

/** From a connection's first byte to its last header: bounds clients that send slowly on purpose. */
const HEADERS_TIMEOUT_MS = 10_000;
/** Enough for the largest file on a slow line. */
const REQUEST_TIMEOUT_MS = 300_000;
const CHECK_TIMEOUTS_EVERY_MS = 2_000;

/**
 * Starts the gateway. Waits for NATS and presence-service without a limit. Until then it is live, not ready,
 * and accepts no sockets.
 */
export async function createGateway(
  config: Config,
  logger: Logger,
  telemetry: Telemetry = noTelemetry,
): Promise<Running & { readonly port: number; readonly internalUrl: string }> {
  const gatewayId = randomUUID();
  const admission = new Admission(config, logger);
  const served: HttpParts = {
    checks: { started: () => false },
    api: undefined,
    docs: config.DOCS ? docs() : undefined,
  };

  const http = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_TIMEOUTS_EVERY_MS,
      shouldUpgradeCallback: admission.mayUpgrade,
    },
    createHttpApp(served, admission, telemetry, logger),
  );
  admission.watch(http);
  await listen(http, config.HOST, config.PORT);
  const internal = await InternalServer.listen(config.INTERNAL_HOST, config.INTERNAL_PORT);
  const bus = await Bus.connect({
    ...natsAccess(config),
    user: 'gateway',
    calls: ['chat', 'message', 'presence', ...(config.WEBHOOKS ? (['webhook'] as const) : [])],
    logger,
    recorder: telemetry.recorder,
  });
  served.checks = { ...gatewayChecks(bus), started: () => false };
  const revocations = await Revocations.read(bus, logger);

  const verify = explained(unlessRevoked(createVerify(config, new UserIds(bus).of), revocations), logger);
  const limits = new EventLimits(config.RATE_LIMIT_EVENTS);
  const capabilities = capabilitiesOf(limits.perSocket, config.MAX_FILE_BYTES);
  const frames = new FrameLimits(config.RATE_LIMIT_EVENTS);
  const io: ChatServer = new Server(http, {
    serveClient: false,
    maxHttpBufferSize: MAX_FRAME_BYTES,
    connectTimeout: CONNECT_WITHIN_MS,
    httpCompression: false,
    parser: { Encoder, Decoder },
    wsEngine: frames.wsEngine,
    cors: socketCors(admission),
  });
  sendReady(io, capabilities);
  admission.watchSessions(io);
  frames.watch(io, {
    onFlood: (userId) => {
      limits.coolDown(userId);
    },
    onTooLarge: refuseFrame,
  });
  guardBacklog(io);
  writeOncePerTick(io);
  guardHandshake(io, {
    bus,
    gatewayId,
    verify,
    allowQueryToken: config.AUTH_QUERY_TOKEN,
    limits,
    sockets: new KeyedSemaphore(config.MAX_SOCKETS_PER_USER),
    logger,
  });
  const sessions = new Sessions(io, verify, revocations);
  const presence = new Presence(bus, gatewayId, logger);
  const rooms = new Rooms(io, bus, presence, gatewayId, logger);
  const edgeHandlers = {
    joinChat: rooms.joinChat,
    leaveChat: rooms.leaveChat,
    refreshToken: sessions.refreshToken,
  };
  const inbound = acceptEvents(io, {
    bus,
    gatewayId,
    edgeHandlers,
    limits,
    maxInFlight: config.MAX_IN_FLIGHT,
    logger,
  });
  revocations.follow(() => {
    sessions.endRevoked();
  });
  const applyRevocation = (reply: unknown) => {
    revocations.apply(presenceContracts.revoke.reply.parse(reply));
  };
  const authenticator = new Authenticator(verify, limits, config.MAX_IN_FLIGHT);
  served.api = Router().use(
    fileRoutes({
      bus,
      authenticator,
      maxBytes: config.MAX_FILE_BYTES,
      isRevoked: (holder) => revocations.hasHolder(holder),
    }),
    apiRoutes({
      bus,
      authenticator,
      edgeHandlers: new Map([[edgeContracts.getLimits, () => capabilities]]),
      beforeReply: new Map([[presenceContracts.revoke, applyRevocation]]),
      notConfigured: new Set(config.WEBHOOKS ? [] : Object.values(webhookContracts)),
    }),
    otherMethods([...fileRouteNames, ...apiRouteNames]),
  );
  served.checks = gatewayChecks(bus);
  internal.serve(served.checks, [telemetry.metricsPage]);
  logger.info({ port: portOf(http) }, 'service: became ready');

  return {
    port: portOf(http),
    internalUrl: internal.url,
    async stop() {
      internal.withdraw();
      served.checks = { stopping: () => false };
      http.close();
      revocations.stop();
      await drain([...io.sockets.sockets.values()], inbound);
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
    http.once('error', (error) => {
      reject(listenError(error, { host, port, variables: { host: 'HOST', port: 'PORT' } }));
    });
    http.listen(port, host, resolve);
  });
}

function portOf(http: HttpServer): number {
  const address = http.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
