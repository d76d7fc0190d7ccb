import type { CloudEvent } from '@switchboard/shared/contracts';
import type { TestSystem } from '../../test/helpers/index.ts';
import { withDatabase } from '../../test/helpers/system-database.ts';

const OWNERS = ['chat', 'message'] as const;

export interface Logged {
  readonly owner: (typeof OWNERS)[number];
  readonly chatId: string;
  readonly rev: number;
}

/** Returns the entries of both logs, by chat in the order of `rev`. */
export async function readLogs(system: TestSystem): Promise<Logged[]> {
  return withDatabase(system, async (client) => {
    const logs = await Promise.all(
      OWNERS.map((owner) =>
        client.query<Logged>(
          `SELECT '${owner}' AS owner, chat_id AS "chatId", rev FROM ${owner}.chat_log ORDER BY chat_id, rev`,
        ),
      ),
    );
    return logs.flatMap(({ rows }) => rows);
  });
}

type Published = Pick<CloudEvent, 'id' | 'source' | 'subject' | 'sequence' | 'data'>;

/**
 * Checks that each log entry was published as an integration event, in the order of its chat, and that a
 * repeat is the same event. Returns a sentence for each exception, and for each log without entries.
 */
export function checkEvents(logs: readonly Logged[], events: readonly Published[]): string[] {
  const byId = Map.groupBy(events, ({ source, id }) => `${source} ${id}`);
  const changed = [...byId]
    .filter(([, repeats]) => new Set(repeats.map(({ data }) => JSON.stringify(data))).size > 1)
    .map(([id]) => `two different events with one id: ${id}`);
  const received = Map.groupBy(
    [...byId.values()].flatMap(([first]) => first ?? []),
    chatOf,
  );
  const lost = [
    ...Map.groupBy(logs, ({ owner, chatId }) => `/switchboard/${owner}-service ${chatId}`),
  ].flatMap(([chat, entries]) => {
    const [published, logged] = [
      (received.get(chat) ?? []).map(({ sequence }) => Number(sequence)),
      entries.map(({ rev }) => rev),
    ];
    return published.join() === logged.join()
      ? []
      : [`events of ${chat}: ${published.join()} instead of ${logged.join()}`];
  });
  const empty = OWNERS.filter((owner) => !logs.some((entry) => entry.owner === owner)).map(
    (owner) => `nothing was checked: the log of ${owner}-service is empty`,
  );
  return [...empty, ...lost, ...changed];
}

const chatOf = ({ source, subject }: Published): string => `${source} ${subject}`;
