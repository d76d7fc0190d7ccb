import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { LEASE_MS } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { silent } from '@switchboard/infra/test';
import type { Lease, Presence } from '../src/domain/presence-store.ts';
import { startSweeper } from '../src/sweeper.ts';

const seven: Presence = { chatId: 'c', userId: 7 };

let leases: Lease[];
let dropped: Presence[];
let isPostgresDown: boolean;
let areLeasesUnreadable: boolean;
let published: unknown[];
let bus: Parameters<typeof startSweeper>[2] & { isConnected: boolean };
let stop: () => Promise<void>;

beforeEach(() => {
  jest.useFakeTimers();
  [leases, dropped, isPostgresDown, areLeasesUnreadable, published] = [
    [{ gatewayId: 'one', leaseId: 'l', renewals: 3 }],
    [],
    false,
    false,
    [],
  ];
  bus = {
    isConnected: true,
    publish: (contract, chatId, payload) => {
      published.push([contract.event, chatId, payload]);
    },
  };
  const store = {
    leases: () =>
      isPostgresDown || areLeasesUnreadable
        ? Promise.reject(new Failure('UNAVAILABLE'))
        : Promise.resolve(leases),
    removeDropped: () =>
      isPostgresDown ? Promise.reject(new Failure('UNAVAILABLE')) : Promise.resolve(dropped.splice(0)),
    removeExpired: (expired: readonly Lease[]) => {
      leases = leases.filter((lease) => !expired.includes(lease));
      return Promise.resolve(expired.length === 0 ? [] : [seven]);
    },
    deleteDeparted: () => Promise.resolve(),
  };
  stop = startSweeper(store, { deleteExpired: () => Promise.resolve() }, bus, silent);
});
afterEach(async () => {
  await stop();
  jest.useRealTimers();
});

const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
const left = ['participantUpdate', 'c', expect.objectContaining({ userId: 7, action: 'left' })];

it('publishes `left` once for the users of a dead gateway, a lease later', async () => {
  await pass(LEASE_MS);
  expect(published).toEqual([]);
  await pass(500);
  expect(published).toEqual([left]);
  await pass(2 * LEASE_MS);
  expect(published).toEqual([left]);
});

it('publishes nothing while the lease is renewed', async () => {
  for (let renewals = 4; renewals < 10; renewals++) {
    await pass(LEASE_MS - 1_000);
    leases = [{ gatewayId: 'one', leaseId: 'l', renewals }];
  }
  expect(published).toEqual([]);
});

it.each<[string, (isDown: boolean) => void]>([
  [
    'NATS',
    (isDown) => {
      bus.isConnected = !isDown;
    },
  ],
  [
    'Postgres',
    (isDown) => {
      isPostgresDown = isDown;
    },
  ],
])('expires no lease while %s is down, and for a whole lease afterwards', async (_what, setDown) => {
  await pass(LEASE_MS - 1_000);
  setDown(true);
  await pass(LEASE_MS);
  setDown(false);
  await pass(LEASE_MS - 500);
  expect(published).toEqual([]);
  await pass(1_500);
  expect(published).toEqual([left]);
});

it('publishes `left` for dropped users even when the leases cannot be read', async () => {
  areLeasesUnreadable = true;
  dropped = [seven];
  await pass(500);
  expect(published).toEqual([left]);
});

it('removes no user while NATS is down', async () => {
  bus.isConnected = false;
  dropped = [seven];
  await pass(1_000);
  bus.isConnected = true;
  await pass(500);
  expect(published).toEqual([left]);
});

it('publishes `left` for a dropped user whose gateway holds its lease', async () => {
  dropped = [seven];
  await pass(500);
  expect(published).toEqual([left]);
});
