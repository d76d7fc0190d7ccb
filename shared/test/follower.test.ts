import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Follower } from '@switchboard/shared/log';

interface Entry {
  readonly rev: number;
}
const entries = (from: number, to: number): Entry[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => ({ rev: from + index + 1 }));

/**
 * What can happen to a follower of a log that grows to `SIZE` entries. A number counts modulo the existing
 * entries.
 */
const SIZE = 12;
const step = fc.oneof(
  fc.constant({ do: 'grow', at: 0 } as const),
  fc.record({ do: fc.constant('deliver' as const), at: fc.nat() }),
  fc.record({ do: fc.constant('raiseHead' as const), at: fc.nat() }),
  fc.constant({ do: 'reread', at: 0 } as const),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** The follower, its log, and an independent record of its input and output. */
class World {
  readonly follower = new Follower<Entry>();
  readonly out: number[] = [];
  size: number;
  begun: number | undefined;
  known = 0;

  constructor(size: number) {
    this.size = size;
  }

  begin(rev: number): void {
    this.begun ??= rev;
    this.#record(this.follower.begin(rev));
  }

  run({ do: what, at }: Step): void {
    if (what === 'grow') this.size = Math.min(SIZE, this.size + 1);
    if (what === 'reread') this.reread();
    if (this.size === 0) return;
    const rev = 1 + (at % this.size);
    if (what === 'deliver') this.#offer(rev);
    if (what === 'raiseHead') this.raiseHead(rev);
  }

  raiseHead(rev: number): void {
    this.known = Math.max(this.known, rev);
    this.follower.raiseHead(rev);
  }

  /** As the gateway does when it is behind, in pages of three. */
  reread(): void {
    const { position } = this.follower;
    if (!this.follower.isBehind || position === undefined) return;
    for (const { rev } of entries(position, Math.min(this.size, position + 3))) this.#offer(rev);
  }

  get shouldBeBehind(): boolean {
    return this.begun !== undefined && this.known > (this.out.at(-1) ?? this.begun);
  }

  #offer(rev: number): void {
    this.known = Math.max(this.known, rev);
    this.#record(this.follower.offer({ rev }));
  }

  #record(due: readonly Entry[]): void {
    this.out.push(...due.map((entry) => entry.rev));
  }
}

it('returns all waiting entries once the missing one arrives', () => {
  const follower = new Follower<Entry>();
  follower.begin(0);
  expect(follower.offer({ rev: 1 })).toEqual([{ rev: 1 }]);
  expect(follower.offer({ rev: 3 })).toEqual([]);
  expect(follower.offer({ rev: 4 })).toEqual([]);
  expect(follower.offer({ rev: 2 })).toEqual([{ rev: 2 }, { rev: 3 }, { rev: 4 }]);
  expect(follower.offer({ rev: 5 })).toEqual([{ rev: 5 }]);
});

describe('a follower', () => {
  it('returns the log in order, each entry once, despite losses, repeats, delays and announcements', () => {
    fc.assert(
      fc.property(fc.nat(SIZE), fc.array(step), fc.array(step), fc.nat(), (size, before, after, at) => {
        const world = new World(size);
        for (const one of before) world.run(one);
        const begun = at % (world.size + 1);
        world.begin(begun);
        for (const one of after) world.run(one);
        world.raiseHead(world.size);
        while (world.follower.isBehind) world.reread();
        expect(world.out).toEqual(entries(begun, world.size).map((entry) => entry.rev));
      }),
      { numRuns: 500 },
    );
  });

  it('is behind exactly while a known entry is not yet returned', () => {
    fc.assert(
      fc.property(fc.nat(SIZE), fc.array(step), fc.array(step), fc.nat(), (size, before, after, at) => {
        const world = new World(size);
        for (const one of before) {
          world.run(one);
          expect(world.follower.isBehind).toBe(false);
        }
        world.begin(at % (world.size + 1));
        for (const one of after) {
          world.run(one);
          expect(world.follower.isBehind).toBe(world.shouldBeBehind);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('holds entries until begin, and then returns those that are due', () => {
    const follower = new Follower<Entry>();
    expect([4, 2, 3, 6].flatMap((rev) => follower.offer({ rev }))).toEqual([]);
    expect(follower.begin(2)).toEqual([{ rev: 3 }, { rev: 4 }]);
    expect(follower.position).toBe(4);
    expect(follower.isBehind).toBe(true);
  });

  it('begins once: a later begin neither repeats nor skips', () => {
    const follower = new Follower<Entry>();
    follower.begin(2);
    expect(follower.offer({ rev: 3 })).toEqual([{ rev: 3 }]);
    expect(follower.begin(0)).toEqual([]);
    expect(follower.begin(9)).toEqual([]);
    expect(follower.position).toBe(3);
  });
});
