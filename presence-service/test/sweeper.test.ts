import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { LEASE_MS } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { silent } from '@switchboard/infra/testing';
import type { Lease, Presence } from '../src/domain/presence-store.ts';
import { startSweeper } from '../src/sweeper.ts';

const seven: Presence = { chatId: 'c', userId: 7 };

let leases: Lease[];
let dropped: Presence[];
let isAway: boolean;
let areLeasesAway: boolean;
let told: unknown[];
let bus: Parameters<typeof startSweeper>[2] & { isConnected: boolean };
let stop: () => Promise<void>;

beforeEach(() => {
  jest.useFakeTimers();
  [leases, dropped, isAway, areLeasesAway, told] = [[{ gatewayId: 'one', leaseId: 'l', renewals: 3 }], [], false, false, []];
  bus = { isConnected: true, publish: (contract, chatId, payload) => { told.push([contract.event, chatId, payload]); } };
  const store = {
    leases: () => (isAway || areLeasesAway ? Promise.reject(new Failure('UNAVAILABLE')) : Promise.resolve(leases)),
    removeDropped: () => (isAway ? Promise.reject(new Failure('UNAVAILABLE')) : Promise.resolve(dropped.splice(0))),
    removeExpired: (expired: readonly Lease[]) => {
      leases = leases.filter((lease) => !expired.includes(lease));
      return Promise.resolve(expired.length === 0 ? [] : [seven]);
    },
    forgetDeparted: () => Promise.resolve(),
  };
  stop = startSweeper(store, { forgetOver: () => Promise.resolve() }, bus, silent);
});
afterEach(async () => {
  await stop();
  jest.useRealTimers();
});

const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
const left = ['participantUpdate', 'c', expect.objectContaining({ userId: 7, action: 'left' })];

it('tells of who was on a gateway that is gone, once, a lease later', async () => {
  await pass(LEASE_MS);
  expect(told).toEqual([]);
  await pass(500);
  expect(told).toEqual([left]);
  await pass(2 * LEASE_MS);
  expect(told).toEqual([left]);
});

it('tells of nobody while the lease is renewed', async () => {
  for (let renewals = 4; renewals < 10; renewals++) {
    await pass(LEASE_MS - 1_000);
    leases = [{ gatewayId: 'one', leaseId: 'l', renewals }];
  }
  expect(told).toEqual([]);
});

it.each<[string, (away: boolean) => void]>([
  ['NATS', (away) => { bus.isConnected = !away; }],
  ['Postgres', (away) => { isAway = away; }],
])('takes nobody for gone while %s is away, and for a lease after', async (_what, setAway) => {
  await pass(LEASE_MS - 1_000);
  setAway(true);
  await pass(LEASE_MS);
  setAway(false);
  await pass(LEASE_MS - 500);
  expect(told).toEqual([]);
  await pass(1_500);
  expect(told).toEqual([left]);
});

it('tells of who dropped though the leases cannot be read', async () => {
  areLeasesAway = true;
  dropped = [seven];
  await pass(500);
  expect(told).toEqual([left]);
});

it('takes nobody out while nobody could be told', async () => {
  bus.isConnected = false;
  dropped = [seven];
  await pass(1_000);
  bus.isConnected = true;
  await pass(500);
  expect(told).toEqual([left]);
});

it('tells of who dropped, lease or not', async () => {
  dropped = [seven];
  await pass(500);
  expect(told).toEqual([left]);
});
