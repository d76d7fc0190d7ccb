import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aClient } from '../../e2e/client.ts';
import { internalPort, startSystem, WITHOUT_WEBHOOKS, type TestSystem } from '../../helpers/index.ts';
import {
  chromiumProgram,
  connectFrom,
  launchBrowser,
  startShop,
  type Shop,
  type StartedBrowser,
  type Visit,
} from './browser.ts';
import { haproxyProgram, startProxy, type Proxy } from './proxy.ts';
import { startTlsProxy, type TlsProxy } from './tls-proxy.ts';

// Pages of other origins in a real browser, before two real gateways behind the proxy of docker-compose.yml.

const missing = [
  ...(haproxyProgram === undefined ? ['haproxy'] : []),
  ...(chromiumProgram === undefined ? ['chromium'] : []),
].join(' and ');
const leftOut = `SKIPPED, ${missing} is not installed (apt-get install haproxy chromium)`;
if (missing !== '') console.warn(`The tests of the proxy with a browser were skipped: ${leftOut}.`);

(missing === '' ? describe : describe.skip)(
  missing === '' ? 'a page of another origin' : `a page of another origin: ${leftOut}`,
  () => {
    // `localhost` and 127.0.0.1 are two sites; the ports of one host are one site.
    let sameSite: Shop;
    let otherSite: Shop;
    let system: TestSystem;
    let proxy: Proxy;
    let tls: TlsProxy;
    let browser: StartedBrowser;

    beforeAll(async () => {
      [sameSite, otherSite] = [await startShop('localhost'), await startShop('127.0.0.1')];
      system = await startSystem({
        replicas: 'gateway=2',
        only: WITHOUT_WEBHOOKS,
        env: { ALLOWED_ORIGINS: `${sameSite.origin},${otherSite.origin}`, TRUSTED_PROXY_HOPS: '2' },
      });
      const [first = '', second = ''] = system.urls;
      proxy = await startProxy([
        { url: first, healthPort: internalPort(system, 'gateway') },
        { url: second, healthPort: internalPort(system, 'gateway-2') },
      ]);
      tls = await startTlsProxy(proxy.url);
      browser = await launchBrowser();
    }, 90_000);
    afterAll(async () => {
      await browser.stop();
      await tls.stop();
      await proxy.stop();
      await system.stop();
      await sameSite.stop();
      await otherSite.stop();
    }, 60_000);

    /** Connects from a page, and returns what came of it and the proxy's cookie. */
    async function visit({ origin }: Shop, port: number, options: Visit['options']) {
      await browser.context.clearCookies();
      const page = await browser.context.newPage();
      await page.goto(origin);
      const url = `http://localhost:${String(port)}`;
      const outcome = await connectFrom(page, { url, token: system.token(aClient()), options });
      const [cookie] = await browser.context.cookies(url);
      await page.close();
      return { outcome, cookie };
    }

    const connected = expect.stringMatching(/^connected/);
    /** By chance alone a session would stay on one gateway about every second time. */
    const VISITS = 4;

    it('connects over http: the address of the browser keeps its session together', async () => {
      const port = Number(new URL(proxy.url).port);
      for (const withCredentials of [false, true])
        for (let visits = 0; visits < VISITS; visits++)
          expect(await visit(otherSite, port, { withCredentials })).toEqual({
            outcome: connected,
            cookie: undefined,
          });
    }, 60_000);

    it('connects over https from changing addresses: the cookie keeps its session together', async () => {
      for (const transports of [['polling', 'websocket'], ['polling']])
        for (let visits = 0; visits < VISITS; visits++)
          expect(await visit(sameSite, tls.port, { withCredentials: true, transports })).toMatchObject({
            outcome: connected,
            cookie: { name: 'gateway', sameSite: 'None', secure: true, httpOnly: true },
          });
    }, 60_000);

    it('connects without any cookie when it only uses WebSockets', async () => {
      const options = { transports: ['websocket'] };
      expect((await visit(otherSite, tls.port, options)).outcome).toEqual(connected);
    }, 60_000);

    it('is refused when its origin is not listed', async () => {
      const unlisted = await startShop('localhost');
      expect((await visit(unlisted, tls.port, { withCredentials: true })).outcome).toMatch(/^refused/);
      await unlisted.stop();
    }, 60_000);
  },
);
