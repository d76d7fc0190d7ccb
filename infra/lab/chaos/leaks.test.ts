import { describe, expect, it } from '@jest/globals';
import { leaks, uncounted } from './leaks.ts';

const holding = (heapMib: number, instances: Record<string, number>) =>
  new Map([['gateway-2', { heapBytes: heapMib * 2 ** 20, instances }]]);

describe('leaks', () => {
  it('allows small growth of caches and pools', () => {
    expect(
      leaks(holding(26, { Timeout: 6, Promise: 80 }), holding(29, { Timeout: 40, Promise: 200, Set: 1_000 })),
    ).toEqual([]);
  });

  it.each([
    ['a leaked room', holding(26, { Room: 1 }), 'gateway-2 holds 1 instances of Room, 0 at first'],
    [
      'a leaked subscription',
      holding(26, { SubscriptionImpl: 4 }),
      'gateway-2 holds 4 instances of SubscriptionImpl, 3 at first',
    ],
    ['leaked timers', holding(26, { Timeout: 100 }), 'gateway-2 holds 100 instances of Timeout, 0 at first'],
    ['leaked memory', holding(40, {}), 'gateway-2 holds 40.0 MiB, 26.0 MiB at first'],
    ['that no process was inspected', new Map(), 'no process was inspected for leaks'],
  ])('reports %s', (_what, after, complaint) => {
    expect(leaks(holding(26, { SubscriptionImpl: 3 }), after)).toContain(complaint);
  });
});

describe('the count of classes while clients are joined', () => {
  const withoutRooms = {
    Follower: 40,
    Joining: 0,
    ChatQueues: 22,
    SubscriptionImpl: 30,
    Socket: 40,
    Timeout: 90,
    Promise: 500,
  };
  const all = { ...withoutRooms, Room: 20 };

  it.each([
    ['accepts instances of all of them', all, []],
    [
      'reports a class without instances',
      { ...all, ChatQueues: 0 },
      ['gateway-2 holds no ChatQueues while clients are joined'],
    ],
    [
      'reports a class that was renamed',
      withoutRooms,
      ['gateway-2 has no class Room; update COUNTED in leaks.ts'],
    ],
  ])('%s', (_what, instances, complaints) => {
    expect(uncounted(holding(26, instances))).toEqual(complaints);
  });

  it('expects rooms of gateways only', () => {
    const others = { SubscriptionImpl: 9, Socket: 4, Timeout: 9, Promise: 50 };
    expect(uncounted(new Map([['chat-service', { heapBytes: 0, instances: others }]]))).toEqual([]);
  });

  it('complains when no process was inspected', () => {
    expect(uncounted(new Map())).toHaveLength(1);
  });
});
