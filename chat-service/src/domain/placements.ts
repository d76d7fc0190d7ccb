import type { LogEntry, Placement } from '@switchboard/shared/contracts';
import { z } from 'zod';

/** Where entries of one chat stand among its messages, by `rev`; undefined: not known yet. */
export type PlacementOf = (rev: number) => Placement | undefined;

export function placementOf(placements: readonly Placement[]): PlacementOf {
  const byRev = new Map(placements.map((placement) => [placement.rev, placement]));
  return (rev) => byRev.get(rev);
}

const Fields = z.looseObject({});

/** The entry with its place, which its log does not store: the log does not change after COMMIT. */
export function place(entry: LogEntry, placement: Placement | undefined): LogEntry {
  if (placement === undefined) return entry;
  const { afterSeq, afterRev } = placement;
  return { ...entry, afterRev, payload: { ...Fields.parse(entry.payload), afterSeq } };
}
