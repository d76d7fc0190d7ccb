import { expect, it } from '@jest/globals';
import { addressOf, isUrl, reasonOf } from '../src/addresses.ts';

it.each([
  ['nats://user:geheim@one:4222,tls://two:4223', 'one:4222,two:4223'],
  ['postgres://user:geheim@host:5432/db?password=geheim', 'host:5432/db'],
  ['amqps://user:geheim@host/vhost', 'host/vhost'],
  ['postgres://user:ge#heim@host/db', 'an invalid URL'],
])('shows the address of %s without secrets', (url, address) => {
  expect(addressOf(url)).toBe(address);
});

it('accepts URLs whose user and password can be decoded', () => {
  const urls = ['nats://u:p@h', 'nats://u:%23@h', 'nats://u:#@h', 'nats://u:%zz@h', 'hello world'];
  expect(urls.map(isUrl)).toEqual([true, true, false, false, false]);
});

it('gives the reason of an error, of its cause or of the first of several attempts', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' });
  expect(reasonOf(refused)).toBe('connect ECONNREFUSED ::1:1');
  expect(reasonOf(new AggregateError([refused, new Error('other')], ''))).toBe('connect ECONNREFUSED ::1:1');
  expect(reasonOf(new Error('no server', { cause: refused }))).toBe('no server: connect ECONNREFUSED ::1:1');
  expect(reasonOf('text')).toBe('unknown reason');
});
