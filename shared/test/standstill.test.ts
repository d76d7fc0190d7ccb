import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { silent } from '@switchboard/infra/test';
import { Standstill } from '../src/bus/standstill.ts';

describe('a standstill of the process', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  const setUp = () => {
    const trip = Promise.withResolvers<undefined>();
    const roundTrip = jest.fn(async () => {
      await trip.promise;
    });
    return { trip, roundTrip, standstill: new Standstill(roundTrip, silent) };
  };
  /** No timer runs meanwhile, as in a stopped process. */
  const standStill = (ms: number): void => {
    jest.spyOn(performance, 'now').mockReturnValue(performance.now() + ms);
  };

  it('makes requests stale until a round trip to NATS ends', async () => {
    const { trip, roundTrip, standstill } = setUp();
    standStill(5_000);
    expect(standstill.isStale).toBe(true);
    expect(standstill.isStale).toBe(true);
    expect(roundTrip).toHaveBeenCalledTimes(1);
    trip.resolve(undefined);
    await jest.advanceTimersByTimeAsync(0);
    expect(standstill.isStale).toBe(false);
    standstill.stop();
  });

  it('is over when the connection ends', async () => {
    const { trip, standstill } = setUp();
    standStill(5_000);
    expect(standstill.isStale).toBe(true);
    trip.reject(new Error('closed'));
    await jest.advanceTimersByTimeAsync(0);
    expect(standstill.isStale).toBe(false);
    standstill.stop();
  });

  it('is none while the event loop runs, however long no request arrives', async () => {
    const { roundTrip, standstill } = setUp();
    await jest.advanceTimersByTimeAsync(60_000);
    standStill(900);
    expect(standstill.isStale).toBe(false);
    expect(roundTrip).not.toHaveBeenCalled();
    standstill.stop();
  });
});
