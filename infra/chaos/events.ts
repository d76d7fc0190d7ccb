import type { CloudEvent } from '@switchboard/shared/contracts';
import type { TestSystem } from '../testing/index.ts';
import { withDatabase } from './database.ts';

const OWNERS = ['chat', 'message'] as const;

export interface Logged {
  readonly owner: (typeof OWNERS)[number];
  readonly chatId: string;
  readonly rev: number;
}

/** What both logs hold, in the order of each chat. */
export async function readLogs(system: TestSystem): Promise<Logged[]> {
  return withDatabase(system, async (client) => {
    const logs = await Promise.all(OWNERS.map((owner) => client.query<Logged>(`SELECT '${owner}' AS owner, chat_id AS "chatId", rev FROM ${owner}.chat_log ORDER BY chat_id, rev`)));
    return logs.flatMap(({ rows }) => rows);
  });
}

type Told = Pick<CloudEvent, 'id' | 'source' | 'subject' | 'sequence' | 'data'>;

/** Whatever the logs hold has left as an integration event, in the order of its chat, and a repeat is the same event: as sentences, where not. */
export function checkEvents(logs: readonly Logged[], events: readonly Told[]): string[] {
  const byId = Map.groupBy(events, ({ source, id }) => `${source} ${id}`);
  const changed = [...byId].filter(([, repeats]) => new Set(repeats.map(({ data }) => JSON.stringify(data))).size > 1).map(([id]) => `two events under one id: ${id}`);
  const heard = Map.groupBy([...byId.values()].flatMap(([first]) => first ?? []), laneOf);
  const lost = [...Map.groupBy(logs, ({ owner, chatId }) => `/switchboard/${owner}-service ${chatId}`)].flatMap(([lane, entries]) => {
    const [told, logged] = [(heard.get(lane) ?? []).map(({ sequence }) => Number(sequence)), entries.map(({ rev }) => rev)];
    return told.join() === logged.join() ? [] : [`events of ${lane}: ${told.join()} instead of ${logged.join()}`];
  });
  return [...lost, ...changed];
}

const laneOf = ({ source, subject }: Told): string => `${source} ${subject}`;
