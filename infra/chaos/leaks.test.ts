import { expect, it } from '@jest/globals';
import { leaks } from './leaks.ts';

const holding = (heapMib: number, instances: Record<string, number>) => new Map([['gateway', { heapBytes: heapMib * 2 ** 20, instances }]]);

it('lets caches and pools grow a little', () => {
  expect(leaks(holding(26, { Timeout: 6, Promise: 80 }), holding(29, { Timeout: 40, Promise: 200, Set: 1_000 }))).toEqual([]);
});

it.each([
  ['a room', holding(26, { Room: 1 }), 'gateway holds 1 instances of Room, 0 at first'],
  ['a subscription', holding(26, { SubscriptionImpl: 4 }), 'gateway holds 4 instances of SubscriptionImpl, 3 at first'],
  ['timers', holding(26, { Timeout: 100 }), 'gateway holds 100 instances of Timeout, 0 at first'],
  ['memory', holding(40, {}), 'gateway holds 40.0 MiB, 26.0 MiB at first'],
])('tells of %s that stayed behind', (_what, after, complaint) => {
  expect(leaks(holding(26, { SubscriptionImpl: 3 }), after)).toContain(complaint);
});
