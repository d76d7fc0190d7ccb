import { describe, expect, it } from '@jest/globals';
import { Socket } from 'node:net';
import { addressOf, clientAddressOf, networkOf } from '../src/connection/address.ts';

const request = (forwarded: string | string[] | undefined, remoteAddress = '10.0.0.1') => {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
  return { socket, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded as string } };
};

describe('an address', () => {
  it.each<[string, number, string | string[] | undefined, string]>([
    ["without a proxy is the connection's, not the one in a header", 0, '1.1.1.1', '10.0.0.1'],
    ['behind one proxy is what that one saw', 1, '6.6.6.6, 1.1.1.1', '1.1.1.1'],
    ['behind two is what the outer one saw', 2, '6.6.6.6, 1.1.1.1, 10.0.0.2', '1.1.1.1'],
    ['is the oldest where there are fewer than there should be', 3, '1.1.1.1, 10.0.0.2', '1.1.1.1'],
    ["is the connection's where no proxy spoke", 1, undefined, '10.0.0.1'],
    ["is the connection's where the header is empty", 1, ' , ', '10.0.0.1'],
    ['is read from several headers as from one', 1, ['6.6.6.6', '1.1.1.1'], '1.1.1.1'],
    ['that is nonsense is kept short', 1, 'x'.repeat(10_000), 'x'.repeat(45)],
  ])('%s', (_, hops, forwarded, address) => {
    expect(addressOf(request(forwarded), hops)).toBe(address);
    expect(clientAddressOf(request(forwarded), hops)).toBe(address);
  });

  it.each([
    ['2001:db8::7', '2001:db8::7'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['1.2.3.4:5678', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
  ])('%s is whole in telemetry', (forwarded, address) => {
    expect(clientAddressOf(request(forwarded), 1)).toBe(address);
  });

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['::ffff:0102:0304', '1.2.3.4'],
    ['1.2.3.4:5678', '1.2.3.4'],
    ['[2001:db8::1]:443', '2001:db8:0:0::/64'],
    ['[2001:db8::1]', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1:2:3:4', 'fe80:0:0:0::/64'],
  ])('%s is of the network %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
