import { expect, it } from '@jest/globals';
import { parse, webhookContracts } from '@switchboard/shared/contracts';
import { failureOf } from './failure-of.ts';

const { payload } = webhookContracts.registerWebhook;
const register = (url: string) =>
  parse(payload, {
    url,
    events: ['message.created'],
    secret: 'a secret of thirty-two bytes, or so'.replaceAll(' ', '-'),
  });

it.each([
  ['https://crm.example/a\r\nb', 'no spaces'],
  ['https://crm.example/a\tb', 'no spaces'],
  [' https://crm.example/', 'no spaces'],
  ['https://crm.example/ ', 'no spaces'],
  ['https://crm.example/a b', 'no spaces'],
  ['https://crm.example/\u202Ea', 'no spaces'],
  ['', 'no spaces'],
  ['https://crm.example:0/', 'port 0'],
  ['https://crm.example:00/', 'port 0'],
  ['ftp://crm.example/', 'https URL'],
  ['https://user:x@crm.example/', 'https URL'],
])('refuses the webhook URL %j and says why: %s', async (url, why) => {
  expect(await failureOf(() => register(url))).toMatchObject({
    code: 'VALIDATION',
    details: { issues: [{ path: 'url', problem: expect.stringContaining(why) }] },
  });
});

it.each([
  'https://crm.example',
  'https://crm.example:8443/a?b=%20c',
  'https://xn--bcher-kva.example/',
  'https://bücher.example/ü',
])('takes the webhook URL %j as it is', (url) => {
  expect(register(url).url).toBe(url);
});
