import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, get, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { io } from 'socket.io-client';
import { aClient, openChat, TestClient } from '../e2e/client.ts';
import { scrape } from '../e2e/scrape.ts';
import { startSystem, waitFor, WITHOUT_WEBHOOKS, type TestSystem } from '../testing/index.ts';
import { haproxyProgram, startProxy, type Proxy } from './proxy.ts';

type ClientOptions = Parameters<typeof io>[1];

// The proxy of docker-compose.yml before two real gateways.

const leftOut = 'SKIPPED, there is no haproxy on this machine (apt-get install haproxy)';
if (haproxyProgram === undefined) console.warn(`The proxy is not tried: ${leftOut}.`);

(haproxyProgram === undefined ? describe.skip : describe)(haproxyProgram === undefined ? `the proxy: ${leftOut}` : 'the proxy', () => {
  const gateways = ['gateway', 'gateway-2'] as const;
  const PER_ADDRESS = 2;
  let system: TestSystem;
  let proxy: Proxy;
  const clients: TestClient[] = [];

  beforeAll(async () => {
    system = await startSystem({
      replicas: 'gateway=2', only: WITHOUT_WEBHOOKS,
      env: { TRUSTED_PROXY_HOPS: '1', MAX_CONNECTIONS_PER_ADDRESS: String(PER_ADDRESS), OTEL_METRICS_EXPORTER: 'prometheus' },
    });
    const [first, second] = system.urls;
    proxy = await startProxy([first ?? '', second ?? '']);
  }, 90_000);
  afterEach(() => { for (const client of clients.splice(0)) client.close(); });
  afterAll(async () => {
    await proxy.stop();
    await system.stop();
  }, 60_000);

  let lastAddress = 0;
  /** Nobody else in this test has it. All of 127.0.0.0/8 is this machine's. */
  const newAddress = (): string => `127.0.7.${String(++lastAddress)}`;
  const from = (localAddress: string): Agent => new Agent({ localAddress, keepAlive: true });

  /** One that has a chat to write to, and polls before it upgrades unless told. */
  async function enter(agent: Agent, options: ClientOptions = {}): Promise<{ readonly client: TestClient; readonly send: () => Promise<string> }> {
    const user = aClient();
    const chatId = await openChat(system, user);
    // The client's types know browsers only, which have no agents.
    const client = new TestClient(proxy.url, { token: system.token(user) }, { transports: ['polling', 'websocket'], agent: agent as never, ...options });
    clients.push(client);
    await client.connected();
    return { client, send: async () => (await client.ask('sendMessage', { chatId, message: { text: 'Hello' } })).event };
  }

  const untilUpgraded = (client: TestClient) => waitFor(() => client.socket.io.engine.transport.name === 'websocket', { what: 'the upgrade' });
  const socketsOn = async (gateway: string): Promise<number> => (await scrape(system, gateway)).sum('switchboard_gateway_sockets');

  /** Begins a session of Engine.IO and no more. */
  const knock = (agent: Agent, headers: Record<string, string> = {}): Promise<{ status: number | undefined; headers: IncomingHttpHeaders }> =>
    new Promise((resolve, reject) => {
      get(`${proxy.url}/socket.io/?EIO=4&transport=polling`, { agent, headers }, (response) => {
        response.resume().once('end', () => { resolve({ status: response.statusCode, headers: response.headers }); });
      }).once('error', reject);
    });

  it('spreads those who come over the gateways', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => knock(from(newAddress()))));
    const names = answers.map(({ headers }) => /^gateway=([\w-]+)/.exec(headers['set-cookie']?.[0] ?? '')?.[1]);
    expect(new Set(names)).toEqual(new Set(['gateway-1', 'gateway-2']));
  });

  it('leads clients that keep no cookies, poll and then upgrade to one gateway all the way', async () => {
    const entered = await Promise.all(Array.from({ length: 6 }, () => enter(from(newAddress()))));
    for (const { client, send } of entered) {
      await untilUpgraded(client);
      expect(await send()).toBe('messageSent');
    }
  });

  it('leads a client that polls, from another address each time, by its cookie', async () => {
    const wandering = new Agent();
    wandering.createConnection = (options) => connect({ port: Number(options.port), host: options.host ?? '', localAddress: newAddress() });
    const { client, send } = await enter(wandering, { withCredentials: true, transports: ['polling'] });
    for (let sent = 0; sent < 5; sent++) expect(await send()).toBe('messageSent');
    expect(client.socket.connected).toBe(true);
  });

  it('tells the gateways the address of a client, whatever the client says', async () => {
    const address = newAddress();
    const claim = (forged: string) => knock(from(address), { 'x-forwarded-for': forged });
    for (let one = 0; one < PER_ADDRESS; one++) expect((await claim(`10.0.0.${String(one)}`)).status).toBe(200);
    expect((await claim('10.0.0.99')).status).toBe(429);
    expect((await knock(from(newAddress()), { 'x-forwarded-for': address })).status).toBe(200);
  });

  it('lets chats go on while a service is missing and so no gateway is ready', async () => {
    const presence = (await system.processes()).find(({ name }) => name === 'presence-service')?.pid ?? 0;
    process.kill(presence, 'SIGSTOP');
    try {
      await Promise.all(system.urls.map((url) => waitFor(async () => (await fetch(`${url}/readyz`)).status === 503, { what: 'a gateway that is not ready', timeoutMs: 10_000 })));
      // It gives a gateway up after two checks, a second apart, of two seconds at most.
      const givenUpAt = performance.now() + 5_500;
      while (performance.now() < givenUpAt) {
        expect(await (await fetch(`${proxy.url}/readyz`)).json()).toMatchObject({ missing: ['presence-service'] });
        await sleep(250);
      }
      const { send } = await enter(from(newAddress()));
      expect(await send()).toBe('messageSent');
    } finally {
      process.kill(presence, 'SIGCONT');
      await Promise.all(system.urls.map((url) => waitFor(async () => (await fetch(`${url}/readyz`)).ok, { what: 'a gateway that is ready again', timeoutMs: 20_000 })));
    }
  }, 60_000);

  it('brings a client back on the other gateway when its own is stopped, and back again when that one is', async () => {
    const { client, send } = await enter(from(newAddress()), { withCredentials: true, reconnection: true, reconnectionDelay: 20 });
    for (const round of ['there', 'back']) {
      await untilUpgraded(client);
      const counts = await waitFor(async () => {
        const numbers = await Promise.all(gateways.map(socketsOn));
        return numbers.toSorted().join() === '0,1' ? numbers : undefined;
      }, { what: `the client alone, ${round}` });
      const [here, other] = counts[0] === 1 ? gateways : [gateways[1], gateways[0]];
      await system.kill(here, 'SIGTERM');
      await waitFor(async () => (await socketsOn(other)) === 1, { what: `the client on ${other}`, timeoutMs: 10_000 });
      await client.connected();
      expect(await send()).toBe('messageSent');
      await waitFor(async () => (await fetch(`${system.urls[gateways.indexOf(here)] ?? ''}/readyz`)).ok, { what: `${here} to be up again`, timeoutMs: 20_000 });
    }
  }, 60_000);
});
