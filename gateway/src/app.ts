import { randomUUID } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import { Bus } from '@switchboard/shared/bus';
import { ConfigError, InternalServer, noTelemetry, type Logger, type Running, type Telemetry } from '@switchboard/shared/runtime';
import { Router } from 'express';
import { Server } from 'socket.io';
import { guardHandshake } from './auth/handshake.ts';
import { createVerify } from './auth/verify.ts';
import type { Config } from './config.ts';
import { apiRoutes } from './http/api.ts';
import { createHttpApp, type HttpParts } from './http/app.ts';
import { fileRoutes } from './http/files.ts';
import { gatewayChecks } from './http/health.ts';
import { sendAway } from './farewell.ts';
import { acceptEvents } from './inbound.ts';
import { Presence } from './rooms/presence.ts';
import { Rooms } from './rooms/rooms.ts';
import type { ChatServer } from './sockets.ts';

/** The largest frame: a text of 8,000 characters fits, however it is escaped. */
const MAX_FRAME_BYTES = 64 * 1024;

/** The gateway, serving. Waits for NATS as long as it takes; meanwhile it is live, not ready, and lets nobody in. */
export async function createGateway(config: Config, logger: Logger, telemetry: Telemetry = noTelemetry): Promise<Running & { readonly port: number; readonly internalUrl: string }> {
  const gatewayId = randomUUID();
  const verify = createVerify(config);
  const served: HttpParts = { checks: { started: () => false }, api: undefined };

  const http = createServer(createHttpApp(served, telemetry, logger));
  await listen(http, config.HOST, config.PORT);
  const internal = await InternalServer.listen(config.INTERNAL_HOST, config.INTERNAL_PORT);
  const bus = await Bus.connect({ url: config.NATS_URL, user: 'gateway', logger, recorder: telemetry.recorder });

  const io: ChatServer = new Server(http, { serveClient: false, maxHttpBufferSize: MAX_FRAME_BYTES, connectTimeout: 10_000, cors: { origin: '*' } });
  guardHandshake(io, bus, gatewayId, verify, config.AUTH_QUERY_TOKEN, logger);
  const presence = new Presence(bus, gatewayId, logger);
  const rooms = new Rooms(io, bus, presence, gatewayId, logger);
  const inbound = acceptEvents(io, bus, gatewayId, { joinChat: rooms.joinChat, leaveChat: rooms.leaveChat }, logger);
  served.api = Router().use(fileRoutes(bus, verify, config.MAX_FILE_BYTES), apiRoutes(bus, verify));
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
      await sendAway([...io.sockets.sockets.values()], inbound);
      await io.close();
      rooms.stop();
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
