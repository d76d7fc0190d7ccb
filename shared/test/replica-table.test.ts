import { describe, expect, it } from '@jest/globals';
import { ReplicaTable } from '../src/bus/replica-table.ts';

const tableOf = (...replicas: string[]): ReplicaTable => {
  const table = new ReplicaTable();
  for (const replica of replicas) table.announced(replica);
  return table;
};
const ageBy = (table: ReplicaTable, intervals: number): string[] =>
  Array.from({ length: intervals }, () => table.age()).flat();
const chosen = (table: ReplicaTable, times: number): (string | undefined)[] =>
  Array.from({ length: times }, () => table.next());

describe('a table of replicas', () => {
  it('names none before the first announcement', () => {
    const table = tableOf();
    expect(table.next()).toBeUndefined();
    expect(table.isFrozen).toBe(false);
  });

  it('takes the replicas in turn', () => {
    const table = tableOf('a', 'b', 'c');
    expect(chosen(table, 6).toSorted()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
    table.remove('b');
    expect(chosen(table, 4).toSorted()).toEqual(['a', 'a', 'c', 'c']);
  });

  it('ends a lease after four intervals without an announcement, and reports it once', () => {
    const table = tableOf('a', 'b');
    expect(ageBy(table, 3)).toEqual([]);
    table.announced('b');
    expect(ageBy(table, 1)).toEqual(['a']);
    expect(table.holdsLease('a')).toBe(false);
    expect(chosen(table, 3)).toEqual(['b', 'b', 'b']);
    table.announced('b');
    expect(ageBy(table, 3)).toEqual([]);
    expect(table.silentCount).toBe(1);
  });

  it('suspects a replica before its lease ends', () => {
    const table = tableOf('a');
    ageBy(table, 1);
    expect(table.suspects).toEqual([]);
    ageBy(table, 1);
    expect(table.suspects).toEqual(['a']);
    expect(table.next()).toBe('a');
  });

  it('takes a replica that announces itself again', () => {
    const table = tableOf('a');
    ageBy(table, 20);
    expect(table.next()).toBeUndefined();
    table.announced('a');
    expect(table.next()).toBe('a');
    expect(table.isFrozen).toBe(false);
  });

  it('is frozen once every known replica was silent for twelve intervals', () => {
    const table = tableOf('a');
    ageBy(table, 6);
    table.announced('b');
    ageBy(table, 11);
    expect(table.isFrozen).toBe(false);
    expect(table.next()).toBeUndefined();
    ageBy(table, 1);
    expect(table.isFrozen).toBe(true);
  });

  it('is not frozen when the silent replicas are gone', () => {
    const table = tableOf('a', 'b');
    ageBy(table, 12);
    table.remove('a');
    table.remove('b');
    expect(table.isFrozen).toBe(false);
  });

  it('gives every replica a new lease after an outage of the caller', () => {
    const table = tableOf('a', 'b');
    ageBy(table, 20);
    table.forgive();
    expect(chosen(table, 2).toSorted()).toEqual(['a', 'b']);
    expect(table.isFrozen).toBe(false);
  });
});
