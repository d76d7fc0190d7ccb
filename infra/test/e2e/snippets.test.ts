import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { root } from '../../dev/topology/paths.ts';
import { startSystem, WITHOUT_WEBHOOKS, type TestSystem } from '../helpers/index.ts';
import { aClient, anAdmin, openChat } from './client.ts';

// Every snippet of a client app in the README and the guides, with the URL of a real system.

const PAGES = ['README.md', 'infra/docs/api.md', 'infra/docs/getting-started.md'];
/** What the text around a snippet takes for granted. */
const PRELUDE = `
import { io } from 'socket.io-client';
const [token, chatId] = process.argv.slice(4);
const show = (message) => console.log('shown', message.text);
`;
const snippets = PAGES.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```js\n(.*?)^```/gms)].map(
    ([, code = ''], index) => ({ name: `${page}, snippet ${(index + 1).toString()}`, code }),
  ),
);
const clientApps = snippets.filter(({ code }) => code.includes('io('));

let system: TestSystem;
let folder: string;
beforeAll(async () => {
  // Below the root, so that the snippets find socket.io-client.
  folder = mkdtempSync(join(root, 'node_modules/.cache-snippets-'));
  system = await startSystem({ only: WITHOUT_WEBHOOKS });
}, 120_000);
afterAll(async () => {
  await system.stop();
  await rm(folder, { recursive: true });
}, 60_000);

it.each(clientApps)('$name runs, and the message arrives', async ({ code }) => {
  const owner = aClient();
  const chatId = await openChat(system, owner);
  const complete = code.includes('import ') ? code : PRELUDE + code;
  const file = join(folder, 'snippet.mjs');
  writeFileSync(file, complete.replaceAll('http://localhost:3000', system.url));
  const tokens = [system.token(owner), system.token(anAdmin())];
  const child = spawn(process.execPath, [file, ...tokens, system.token(owner), chatId], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = text(child.stdout);
  const errors = text(child.stderr);
  const timer = setTimeout(() => child.kill(), 5_000);
  await Promise.all([output, errors]);
  clearTimeout(timer);
  expect(await errors).toBe('');
  expect(await output).toMatch(/shown Hello|the admin received/);
});

it.each(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'a plain secret of 32 visible characters'])(
  'the snippet of a receiver of webhooks accepts a signature by %s, and no other',
  async (secret) => {
    const code = snippets.find((one) => one.code.includes('isFromSwitchboard'))?.code ?? '';
    const file = join(folder, `receiver-${secret.length.toString()}.mjs`);
    writeFileSync(file, `${code}\nexport { isFromSwitchboard };`);
    const { isFromSwitchboard } = (await import(file)) as {
      isFromSwitchboard: (headers: unknown, body: Buffer, secret: string) => boolean;
    };
    const body = Buffer.from('{"id":"message/1"}');
    const headers = {
      'webhook-id': 'message/1',
      'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
    };
    const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret;
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body.toString()}`;
    const signature = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
    const isAccepted = (given: string) =>
      isFromSwitchboard({ ...headers, 'webhook-signature': given }, body, secret);
    expect(isAccepted(signature)).toBe(true);
    expect(isAccepted(signature.replace(/.=?$/, ''))).toBe(false);
  },
);

it('finds the snippets', () => {
  expect(clientApps).toHaveLength(2);
  expect(snippets).toHaveLength(3);
});
