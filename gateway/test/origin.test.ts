import { expect, it } from '@jest/globals';
import { originOf, sinceOrigin } from '../src/events/origin.ts';

it('measures the time since a frame of this gateway, not of another one', () => {
  const origin = originOf('gateway-a', performance.now() - 50);
  expect(sinceOrigin(origin, 'gateway-a')).toBeGreaterThanOrEqual(49.9);
  expect(sinceOrigin(origin, 'gateway-a')).toBeLessThan(1_000);
  expect([
    sinceOrigin(origin, 'gateway-b'),
    sinceOrigin(undefined, 'gateway-a'),
    sinceOrigin('gateway-a', 'gateway-a'),
  ]).toEqual([undefined, undefined, undefined]);
});
