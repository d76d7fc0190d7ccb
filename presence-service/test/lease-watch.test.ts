import { describe, expect, it } from '@jest/globals';
import { LeaseWatch } from '../src/domain/lease-watch.ts';

const lease = (gatewayId: string, renewals: number) => ({ gatewayId, leaseId: `lease of ${gatewayId}`, renewals });

/** Looks every second from `from` to before `to`, and sees nothing run out. */
function look(watch: LeaseWatch, from: number, to: number, ...leases: ReturnType<typeof lease>[]): void {
  for (let now = from; now < to; now += 1_000) expect(watch.observe(leases, now)).toEqual([]);
}

describe('a lease', () => {
  it('runs out a whole lease after it was first seen, however old it was', () => {
    const watch = new LeaseWatch(12_000);
    look(watch, 100, 12_100, lease('a', 5));
    expect(watch.observe([lease('a', 5)], 12_100)).toEqual([lease('a', 5)]);
  });

  it('begins again with each renewal', () => {
    const watch = new LeaseWatch(12_000);
    look(watch, 0, 11_000, lease('a', 5));
    look(watch, 11_000, 23_000, lease('a', 6));
    expect(watch.observe([lease('a', 6)], 23_000)).toEqual([lease('a', 6)]);
  });

  it('begins again when nobody could be heard for a while', () => {
    const watch = new LeaseWatch(12_000);
    look(watch, 0, 11_000, lease('a', 5));
    look(watch, 60_000, 72_000, lease('a', 5));
    expect(watch.observe([lease('a', 5)], 72_000)).toEqual([lease('a', 5)]);
  });

  it('runs on over a look that failed', () => {
    const watch = new LeaseWatch(12_000);
    look(watch, 0, 11_000, lease('a', 5));
    expect(watch.observe([lease('a', 5)], 13_000)).toEqual([lease('a', 5)]);
  });

  it('that was gone for a while is a new one, even with the same count', () => {
    const watch = new LeaseWatch(12_000);
    look(watch, 0, 6_000, lease('a', 0));
    look(watch, 6_000, 7_000);
    look(watch, 7_000, 19_000, lease('a', 0));
  });

  it('that took the place of another begins anew, with the same count', () => {
    const watch = new LeaseWatch(12_000);
    look(watch, 0, 6_000, lease('a', 1));
    look(watch, 6_000, 18_000, { ...lease('a', 1), leaseId: 'another' });
  });

  it('runs out for itself alone', () => {
    const watch = new LeaseWatch(12_000);
    look(watch, 0, 1_000, lease('a', 1), lease('b', 1));
    look(watch, 1_000, 12_000, lease('a', 1), lease('b', 2));
    expect(watch.observe([lease('a', 1), lease('b', 2)], 12_000)).toEqual([lease('a', 1)]);
  });
});
