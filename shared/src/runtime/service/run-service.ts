import type { DataSource } from 'typeorm';
import { Bus, type RoutesOf } from '../../bus/index.ts';
import type { Owner, RequestContract } from '../../contracts/define.ts';
import {
  isReachable,
  openDatabase,
  untilSchemaMismatch,
  type DatabaseOptions,
} from '../../postgres/index.ts';
import { InternalServer, type Checks, type InternalRoute } from '../health.ts';
import type { Logger } from '../logger.ts';
import { natsAccess, type NatsConfig } from '../nats-access.ts';
import { noTelemetry, type Telemetry } from '../otel/telemetry.ts';
import type { Running } from '../run.ts';

/** The part of a service's configuration that `runService` reads. */
interface ServiceConfig extends NatsConfig {
  readonly INTERNAL_HOST: string;
  readonly INTERNAL_PORT: number;
}

/** What `runService` opens before it wires a service. */
export interface ServiceParts {
  readonly database: DataSource;
  readonly bus: Bus;
  /** The URL of the internal HTTP server. */
  readonly url: string;
}

export type Stop = () => void | Promise<void>;

/** The parts of one service, wired. */
export interface Wiring<Contracts extends Record<string, RequestContract>> {
  readonly routes: RoutesOf<Contracts>;
  /** Routes of the internal HTTP server, beside health and metrics. */
  readonly internalRoutes?: readonly InternalRoute[];
  /** Dependencies without which it serves the rest: `/readyz` names those that are away, and stays 200. */
  readonly optional?: Checks;
  /** Starts background work, once the routes are served. Returns how to stop it, in the order of stopping. */
  readonly start: () => readonly Stop[];
}

export interface Service<Contracts extends Record<string, RequestContract>> {
  /** Also the NATS user of the permissions in infra/deploy/nats. */
  readonly name: string;
  readonly contracts: Contracts;
  /** The owners to which it sends requests. */
  readonly calls: readonly Owner[];
  readonly database: DatabaseOptions;
  readonly wire: (parts: ServiceParts) => Wiring<Contracts> | Promise<Wiring<Contracts>>;
}

export interface RunningService extends Running {
  /** Of the internal HTTP server. */
  readonly url: string;
}

/**
 * Starts a service: internal HTTP server, Postgres, NATS, then its own parts. Waits without limit for
 * Postgres, a schema that fits and NATS; until then the process is live and not ready.
 */
export async function runService<Contracts extends Record<string, RequestContract>>(
  { name, contracts, calls, database: options, wire }: Service<Contracts>,
  config: ServiceConfig,
  logger: Logger,
  telemetry: Telemetry = noTelemetry,
): Promise<RunningService> {
  const internal = await InternalServer.listen(config.INTERNAL_HOST, config.INTERNAL_PORT);
  const database = await openDatabase(options, logger, internal.waits);
  const bus = await Bus.connect({
    ...natsAccess(config),
    user: name,
    calls,
    logger,
    recorder: telemetry.recorder,
  });

  const { routes, internalRoutes = [], optional, start } = await wire({ database, bus, url: internal.url });
  bus.serve(contracts, routes);
  const stops = start();
  internal.serve(
    { nats: () => bus.isConnected, postgres: () => isReachable(database) },
    [telemetry.metricsPage, ...internalRoutes],
    optional,
  );
  logger.info({ port: internal.port }, 'service: became ready');

  return {
    url: internal.url,
    over: untilSchemaMismatch(database, options.schema),
    async stop() {
      internal.withdraw();
      for (const stop of stops) await stop();
      await bus.close();
      await database.destroy();
      await internal.close();
    },
  };
}
