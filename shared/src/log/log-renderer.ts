import { unknownEntry, type LogEntry } from '../contracts/log.ts';
import type { LogRow } from './chat-log.ts';
import { entryFor, type AnyEntries, type PublishedData } from './entries.ts';
import type { UnknownEvents } from './unknown-events.ts';

/** Renders the rows of an owner's log for its readers, by the owner's table of contents. */
export class LogRenderer<Members, Systems> {
  readonly #entries: AnyEntries<Members, Systems>;
  readonly #unknown: UnknownEvents;

  constructor(entries: AnyEntries<Members, Systems>, unknown: UnknownEvents) {
    this.#entries = entries;
    this.#unknown = unknown;
  }

  /**
   * A page as members receive it, up to the first entry whose source is missing. An unknown kind is rendered
   * as such, so that `rev` stays contiguous.
   */
  render(rows: readonly LogRow[], source: Members): LogEntry[] {
    const page: LogEntry[] = [];
    for (const row of rows) {
      const entry = this.#renderOne(row, source);
      if (entry === undefined) break;
      page.push(entry);
    }
    return page;
  }

  /**
   * What other systems receive of these rows. The relay leaves out the kinds that this version does not know.
   */
  publish(rows: readonly LogRow[], source: Systems): PublishedData[] {
    return rows.map((row) => {
      const known = entryFor(this.#entries, row.event);
      if (known === undefined) throw new Error(`the log's table of contents has no ${row.event}`);
      return known.publish(row, source);
    });
  }

  #renderOne(row: LogRow, source: Members): LogEntry | undefined {
    const known = entryFor(this.#entries, row.event);
    if (known !== undefined) return known.render(row, source);
    this.#unknown.skip(row.event);
    return unknownEntry(row.rev, row.event);
  }
}
