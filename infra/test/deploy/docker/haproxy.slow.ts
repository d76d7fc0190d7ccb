import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, get, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { io } from 'socket.io-client';
import { aClient, openChat, TestClient } from '../../e2e/client.ts';
import {
  internalPort,
  scrape,
  startSystem,
  waitFor,
  WITHOUT_WEBHOOKS,
  type TestSystem,
} from '../../helpers/index.ts';
import { haproxyProgram, startProxy, type Proxy } from './proxy.ts';

type ClientOptions = Parameters<typeof io>[1];

// The proxy of docker-compose.yml in front of two real gateways.

const leftOut = 'SKIPPED, haproxy is not installed (apt-get install haproxy)';
if (haproxyProgram === undefined) console.warn(`The tests of the proxy were skipped: ${leftOut}.`);

(haproxyProgram === undefined ? describe.skip : describe)(
  haproxyProgram === undefined ? `the proxy: ${leftOut}` : 'the proxy',
  () => {
    const gateways = ['gateway', 'gateway-2'] as const;
    const PER_ADDRESS = 2;
    let system: TestSystem;
    let proxy: Proxy;
    const clients: TestClient[] = [];

    beforeAll(async () => {
      system = await startSystem({
        replicas: 'gateway=2',
        only: WITHOUT_WEBHOOKS,
        env: {
          TRUSTED_PROXY_HOPS: '1',
          MAX_CONNECTIONS_PER_ADDRESS: String(PER_ADDRESS),
          OTEL_METRICS_EXPORTER: 'prometheus',
        },
      });
      const portsOf = (gateway: (typeof gateways)[number]) => ({
        url: system.urls[gateways.indexOf(gateway)] ?? '',
        healthPort: internalPort(system, gateway),
      });
      proxy = await startProxy([portsOf('gateway'), portsOf('gateway-2')]);
    }, 90_000);
    afterEach(() => {
      for (const client of clients.splice(0)) client.close();
    });
    afterAll(async () => {
      await proxy.stop();
      await system.stop();
    }, 60_000);

    let lastAddress = 0;
    /** An unused local address: all of 127.0.0.0/8 belongs to this machine. */
    const newAddress = (): string => `127.0.7.${String(++lastAddress)}`;
    const from = (localAddress: string): Agent => new Agent({ localAddress, keepAlive: true });

    /** Connects a client with an open chat. By default it polls, then upgrades. */
    async function enter(
      agent: Agent,
      options: ClientOptions = {},
    ): Promise<{ readonly client: TestClient; readonly send: () => Promise<string> }> {
      const user = aClient();
      const chatId = await openChat(system, user);
      // The client's types cover only browsers, which have no agents.
      const client = new TestClient(
        proxy.url,
        { token: system.token(user) },
        { transports: ['polling', 'websocket'], agent: agent as never, ...options },
      );
      clients.push(client);
      await client.connected();
      return {
        client,
        send: async () => (await client.request('sendMessage', { chatId, message: { text: 'Hello' } })).event,
      };
    }

    const untilUpgraded = (client: TestClient) =>
      waitFor(() => client.socket.io.engine.transport.name === 'websocket', { what: 'the upgrade' });
    const socketsOn = async (gateway: string): Promise<number> =>
      (await scrape(system, gateway)).sum('switchboard_gateway_sockets');

    /** Starts an Engine.IO session, and nothing else. */
    const knock = (
      agent: Agent,
      headers: Record<string, string> = {},
    ): Promise<{ status: number | undefined; headers: IncomingHttpHeaders }> =>
      new Promise((resolve, reject) => {
        get(`${proxy.url}/socket.io/?EIO=4&transport=polling`, { agent, headers }, (response) => {
          response.resume().once('end', () => {
            resolve({ status: response.statusCode, headers: response.headers });
          });
        }).once('error', reject);
      });

    it('distributes new sessions over the gateways', async () => {
      const responses = await Promise.all(Array.from({ length: 6 }, () => knock(from(newAddress()))));
      const names = responses.map(
        ({ headers }) => /^gateway=([\w-]+)/.exec(headers['set-cookie']?.[0] ?? '')?.[1],
      );
      expect(new Set(names)).toEqual(new Set(['gateway-1', 'gateway-2']));
    });

    it('sets a cookie that other sites get back over https, and only there', async () => {
      const cookieFor = async (headers: Record<string, string>) =>
        (await knock(from(newAddress()), headers)).headers['set-cookie']?.[0]?.split(/; ?/).slice(1);
      expect(await cookieFor({})).toEqual(['path=/', 'HttpOnly', 'SameSite=Lax']);
      expect(await cookieFor({ 'x-forwarded-proto': 'https' })).toEqual([
        'path=/',
        'HttpOnly',
        'SameSite=None',
        'Secure',
      ]);
    });

    it('keeps a client without cookies on one gateway while it polls and upgrades', async () => {
      const entered = await Promise.all(Array.from({ length: 6 }, () => enter(from(newAddress()))));
      for (const { client, send } of entered) {
        await untilUpgraded(client);
        expect(await send()).toBe('messageSent');
      }
    });

    it('keeps a polling client on one gateway by its cookie when its address changes', async () => {
      const wandering = new Agent();
      wandering.createConnection = (options) =>
        connect({ port: Number(options.port), host: options.host ?? '', localAddress: newAddress() });
      const { client, send } = await enter(wandering, { withCredentials: true, transports: ['polling'] });
      for (let sent = 0; sent < 5; sent++) expect(await send()).toBe('messageSent');
      expect(client.socket.connected).toBe(true);
    });

    it('forwards the real address of a client and ignores the header of the client', async () => {
      const address = newAddress();
      const claim = (forged: string) => knock(from(address), { 'x-forwarded-for': forged });
      for (let one = 0; one < PER_ADDRESS; one++)
        expect((await claim(`10.0.0.${String(one)}`)).status).toBe(200);
      expect((await claim('10.0.0.99')).status).toBe(429);
      expect((await knock(from(newAddress()), { 'x-forwarded-for': address })).status).toBe(200);
    });

    it('still forwards chats while a service is missing and no gateway is ready', async () => {
      const presence = (await system.processes()).find(({ name }) => name === 'presence-service')?.pid ?? 0;
      process.kill(presence, 'SIGSTOP');
      try {
        await Promise.all(
          system.urls.map((url) =>
            waitFor(async () => (await fetch(`${url}/readyz`)).status === 503, {
              what: 'a gateway that is not ready',
              timeoutMs: 10_000,
            }),
          ),
        );
        // HAProxy marks a gateway as down after two failed checks, one second apart, of at most two seconds
        // each.
        const givenUpAt = performance.now() + 5_500;
        while (performance.now() < givenUpAt) {
          expect(await (await fetch(`${proxy.url}/readyz`)).json()).toMatchObject({
            missing: ['presence-service'],
          });
          await sleep(250);
        }
        const { send } = await enter(from(newAddress()));
        expect(await send()).toBe('messageSent');
      } finally {
        process.kill(presence, 'SIGCONT');
        await Promise.all(
          system.urls.map((url) =>
            waitFor(async () => (await fetch(`${url}/readyz`)).ok, {
              what: 'a gateway that is ready again',
              timeoutMs: 20_000,
            }),
          ),
        );
      }
    }, 60_000);

    it('reconnects a client to the other gateway when its gateway freezes', async () => {
      const { client, send } = await enter(from(newAddress()), {
        withCredentials: true,
        reconnection: true,
        reconnectionDelay: 20,
      });
      await untilUpgraded(client);
      const here = (await socketsOn('gateway')) === 1 ? 'gateway' : 'gateway-2';
      const other = here === 'gateway' ? 'gateway-2' : 'gateway';
      await system.kill(here, 'SIGSTOP');
      try {
        await waitFor(async () => (await socketsOn(other)) === 1, {
          what: `the client on ${other}`,
          timeoutMs: 12_000,
        });
        await client.connected();
        expect(await send()).toBe('messageSent');
      } finally {
        await system.kill(here, 'SIGCONT');
      }
      await waitFor(async () => (await socketsOn(here)) === 0, {
        what: 'the thawed gateway to notice',
        timeoutMs: 30_000,
      });
    }, 60_000);

    it('reconnects a client to the other gateway when its gateway stops, and back when that one stops', async () => {
      const { client, send } = await enter(from(newAddress()), {
        withCredentials: true,
        reconnection: true,
        reconnectionDelay: 20,
      });
      for (const round of ['there', 'back']) {
        await untilUpgraded(client);
        const counts = await waitFor(
          async () => {
            const numbers = await Promise.all(gateways.map(socketsOn));
            return numbers.toSorted().join() === '0,1' ? numbers : undefined;
          },
          { what: `the client alone, ${round}` },
        );
        const [here, other] = counts[0] === 1 ? gateways : [gateways[1], gateways[0]];
        await system.kill(here, 'SIGTERM');
        await waitFor(async () => (await socketsOn(other)) === 1, {
          what: `the client on ${other}`,
          timeoutMs: 10_000,
        });
        await client.connected();
        expect(await send()).toBe('messageSent');
        await waitFor(async () => (await fetch(`${system.urls[gateways.indexOf(here)] ?? ''}/readyz`)).ok, {
          what: `${here} to be up again`,
          timeoutMs: 20_000,
        });
      }
    }, 60_000);
  },
);
