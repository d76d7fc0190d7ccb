import { expect, it } from '@jest/globals';
import { originOf, sinceOrigin } from '../src/origin.ts';

it('a gateway knows how long ago a frame of its own arrived, and nothing of others', () => {
  const origin = originOf('gateway-a', performance.now() - 50);
  expect(sinceOrigin(origin, 'gateway-a')).toBeGreaterThanOrEqual(49.9);
  expect(sinceOrigin(origin, 'gateway-a')).toBeLessThan(1_000);
  expect([sinceOrigin(origin, 'gateway-b'), sinceOrigin(undefined, 'gateway-a'), sinceOrigin('gateway-a', 'gateway-a')]).toEqual([undefined, undefined, undefined]);
});
