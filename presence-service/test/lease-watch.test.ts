import { describe, expect, it } from '@jest/globals';
import { LeaseWatch } from '../src/domain/lease-watch.ts';

const lease = (gatewayId: string, renewals: number) => ({
  gatewayId,
  leaseId: `lease of ${gatewayId}`,
  renewals,
});

/** Observes every second from `from` until before `to`, and expects no expired lease. */
function expectNoneExpired(
  watch: LeaseWatch,
  from: number,
  to: number,
  ...leases: ReturnType<typeof lease>[]
): void {
  for (let now = from; now < to; now += 1_000) expect(watch.observe(leases, now)).toEqual([]);
}

describe('a lease', () => {
  it('expires a whole lease after it was first seen, whatever its age', () => {
    const watch = new LeaseWatch(12_000);
    expectNoneExpired(watch, 100, 12_100, lease('a', 5));
    expect(watch.observe([lease('a', 5)], 12_100)).toEqual([lease('a', 5)]);
  });

  it('restarts with each renewal', () => {
    const watch = new LeaseWatch(12_000);
    expectNoneExpired(watch, 0, 11_000, lease('a', 5));
    expectNoneExpired(watch, 11_000, 23_000, lease('a', 6));
    expect(watch.observe([lease('a', 6)], 23_000)).toEqual([lease('a', 6)]);
  });

  it('restarts after a pause in which renewals could not be seen', () => {
    const watch = new LeaseWatch(12_000);
    expectNoneExpired(watch, 0, 11_000, lease('a', 5));
    expectNoneExpired(watch, 60_000, 72_000, lease('a', 5));
    expect(watch.observe([lease('a', 5)], 72_000)).toEqual([lease('a', 5)]);
  });

  it('continues when one observation is missed', () => {
    const watch = new LeaseWatch(12_000);
    expectNoneExpired(watch, 0, 11_000, lease('a', 5));
    expect(watch.observe([lease('a', 5)], 13_000)).toEqual([lease('a', 5)]);
  });

  it('counts as new after it was absent, even with the same number of renewals', () => {
    const watch = new LeaseWatch(12_000);
    expectNoneExpired(watch, 0, 6_000, lease('a', 0));
    expectNoneExpired(watch, 6_000, 7_000);
    expectNoneExpired(watch, 7_000, 19_000, lease('a', 0));
  });

  it('restarts when its id changes, even with the same number of renewals', () => {
    const watch = new LeaseWatch(12_000);
    expectNoneExpired(watch, 0, 6_000, lease('a', 1));
    expectNoneExpired(watch, 6_000, 18_000, { ...lease('a', 1), leaseId: 'another' });
  });

  it('expires independently of other leases', () => {
    const watch = new LeaseWatch(12_000);
    expectNoneExpired(watch, 0, 1_000, lease('a', 1), lease('b', 1));
    expectNoneExpired(watch, 1_000, 12_000, lease('a', 1), lease('b', 2));
    expect(watch.observe([lease('a', 1), lease('b', 2)], 12_000)).toEqual([lease('a', 1)]);
  });
});
