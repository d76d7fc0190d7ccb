import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databases, isService } from '../../dev/topology/names.ts';
import { natsUrl } from '../../dev/processes/nats.ts';
import { parseOptions } from '../../dev/options.ts';
import { databaseUrl } from '../../dev/processes/postgres-setup.ts';
import { instancesOf, type Instance } from '../../dev/topology/programs.ts';
import { readOrMakeSecrets, type Secrets } from '../../dev/secrets.ts';
import {
  canStartRabbit,
  choosePorts,
  EventConsumer,
  failpointVariables,
  freePort,
  startRabbit,
  type TestNats,
  type TestRabbit,
} from '../../test/helpers/index.ts';
import { Cable } from './cable.ts';
import { Clock } from './clock.ts';
import { inspect } from './inspector.ts';
import type { Inventory } from './leaks.ts';
import { startNatsCluster } from './nats-cluster.ts';
import { onLoopback, Proxy } from './proxy.ts';
import { SmallDisk } from './small-disk.ts';
import { Versions } from './versions.ts';

const EXCHANGE = 'switchboard.events';

/** What a fault needs around the processes: proxies, clocks, disks, versions. */
export interface Ground {
  readonly replicas: string;
  /** Connections that go through a proxy: `gateway.nats`, `message-service.postgres`. */
  readonly network?: readonly string[];
  /** Connections that go through a cable that can be pulled. */
  readonly cables?: readonly string[];
  /** Instances whose wall clock can be moved. */
  readonly clocks?: readonly string[];
  /** Number of nats-servers in a cluster; one without a cluster by default. */
  readonly natsServers?: number;
  /** Size in MiB of the disk that holds the tables of Postgres. */
  readonly diskMib?: number;
  /** Every program starts at the previous version. */
  readonly versions?: boolean;
  /** Points where processes kill themselves: see `failpoints.ts` of the test helpers. */
  readonly failpoints?: string;
  /** Publishes integration events to RabbitMQ, when the machine has one. */
  readonly events?: boolean;
}

/** The surroundings of one system: its data folder, and the tools that disturb its processes from outside. */
export class Site {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'switchboard-chaos-'));
  readonly proxies = new Map<string, Proxy>();
  readonly cables = new Map<string, Cable>();
  readonly clocks = new Map<string, Clock>();
  readonly inspectors = new Map<string, number>();
  natsCluster: readonly TestNats[] = [];
  disk: SmallDisk | undefined;
  versions: Versions | undefined;
  /** Receives every integration event. */
  witness: EventConsumer | undefined;
  #rabbit: TestRabbit | undefined;

  /** Throws NotHere when this machine cannot provide what `ground` needs. */
  static async lay(ground: Ground): Promise<Site> {
    const site = new Site();
    try {
      await site.#lay(ground);
      return site;
    } catch (error) {
      await site.close();
      throw error;
    }
  }

  /** Environment variables for the launcher. */
  get variables(): Record<string, string> {
    return {
      SWITCHBOARD_OVERRIDES: join(this.dataDir, 'overrides.json'),
      ...this.versions?.variables,
      ...(this.#rabbit === undefined ? {} : { AMQP_URL: this.#rabbit.url, AMQP_EXCHANGE: EXCHANGE }),
    };
  }

  async inventory(): Promise<Inventory> {
    return new Map(
      await Promise.all(
        [...this.inspectors].map(async ([instance, port]) => [instance, await inspect(port)] as const),
      ),
    );
  }

  async close(): Promise<void> {
    for (const link of [...this.proxies.values(), ...this.cables.values()]) await link.close();
    for (const server of this.natsCluster) await server.kill();
    await this.disk?.close();
    await this.versions?.close();
    await this.witness?.close();
    await this.#rabbit?.stop();
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  async #lay({
    replicas,
    network = [],
    cables = [],
    clocks = [],
    natsServers,
    diskMib,
    versions = false,
    events = false,
    failpoints = '',
  }: Ground): Promise<void> {
    const instances = instancesOf(parseOptions(['--replicas', replicas]).replicas);
    const secrets = readOrMakeSecrets(this.dataDir);
    const ports = await choosePorts(this.dataDir, instances);
    const serverOf = (place: string) => onLoopback(ports[place.endsWith('.nats') ? 'nats' : 'postgres'] ?? 0);
    for (const place of network) this.proxies.set(place, await Proxy.listen(serverOf(place)));
    for (const [index, place] of cables.entries())
      this.cables.set(place, await Cable.lay(index, serverOf(place)));
    for (const instance of clocks) this.clocks.set(instance, await Clock.of(instance, this.dataDir));
    for (const { instance } of instances) this.inspectors.set(instance, await freePort());
    if (natsServers !== undefined) this.natsCluster = await startNatsCluster(natsServers, secrets.nats);
    if (diskMib !== undefined)
      this.disk = await SmallDisk.under(this.dataDir, diskMib, secrets.postgres.postgres);
    if (events && canStartRabbit) {
      this.#rabbit = await startRabbit();
      this.witness = await (await EventConsumer.bind(this.#rabbit.url, EXCHANGE)).consume();
    }
    if (versions) this.versions = await Versions.lay(this.dataDir);
    const overrides = {
      ...Object.fromEntries(
        instances.map((one) => [one.instance, this.#overridesOf(one, secrets, failpoints)]),
      ),
      postgres: this.clocks.get('postgres')?.variables,
    };
    writeFileSync(join(this.dataDir, 'overrides.json'), JSON.stringify(overrides), { mode: 0o600 });
  }

  #overridesOf(
    { program, instance }: Instance,
    secrets: Secrets,
    failpoints: string,
  ): Record<string, string> {
    const failing = failpointVariables(failpoints, instance);
    const addressOf = (server: string) =>
      (this.proxies.get(`${instance}.${server}`) ?? this.cables.get(`${instance}.${server}`))?.address;
    const [nats, postgres] = [addressOf('nats'), addressOf('postgres')];
    const servers = nats === undefined ? this.natsCluster.map(({ port }) => onLoopback(port)) : [nats];
    const variables: Record<string, string> = {
      ...this.clocks.get(instance)?.variables,
      ...failing,
      NODE_OPTIONS: `--inspect=127.0.0.1:${this.inspectors.get(instance) ?? 0} ${failing.NODE_OPTIONS ?? ''}`,
    };
    if (servers.length > 0)
      variables['NATS_URL'] = servers
        .map(({ host, port }) => natsUrl(program, secrets.nats, port, host))
        .join(',');
    if (postgres !== undefined && isService(program)) {
      const { variable, service } = databases[program];
      variables[variable] = databaseUrl(
        service,
        secrets.postgres[service],
        postgres.port,
        'switchboard',
        postgres.host,
      );
    }
    return variables;
  }
}
