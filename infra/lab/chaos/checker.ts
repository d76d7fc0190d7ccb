import type { Evidence, Operation, Seen, View } from './history.ts';

/** Returns each broken promise as a sentence. An empty list means that all held, and there was evidence. */
export function check(evidence: Evidence): string[] {
  return [
    ...nothingIsEmpty(evidence),
    ...acknowledgedOnce(evidence),
    ...numberedWithoutGap(evidence.stored),
    ...realTimeOrder(evidence.operations),
    ...evidence.views.flatMap((view) => viewIsHistory(view, evidence.stored.get(view.chatId) ?? [])),
    ...refusedForAReason(evidence.operations),
    ...closedStaysClosed(evidence),
    ...departuresAreCorrect(evidence),
    ...activeUsersAreCorrect(evidence),
  ];
}

/** Fails without evidence, because each check below would then pass. */
function nothingIsEmpty({
  operations,
  stored,
  views,
  closings,
  departures,
  activeUsers,
}: Evidence): string[] {
  const counts = {
    'acknowledged sends': operations.filter(({ outcome }) => outcome === 'ok').length,
    'stored messages': [...stored.values()].flat().length,
    'messages that members received': views.flatMap(({ seen }) => seen).length,
    'closed chats': closings.length,
    'active users': activeUsers.flatMap(({ expected }) => expected).length,
    'members whose departure could be reported': departures?.length ?? 1,
  };
  return Object.entries(counts).flatMap(([what, count]) =>
    count === 0 ? [`nothing was checked: there are no ${what}`] : [],
  );
}

/** Each acknowledged message is stored once, a refused one never; none is stored twice or without a send. */
function acknowledgedOnce({ operations, stored }: Evidence): string[] {
  const times = new Map<string, Seen[]>();
  for (const messages of stored.values())
    for (const message of messages) times.set(message.text, [...(times.get(message.text) ?? []), message]);
  const requested = new Set(operations.map((operation) => operation.text));
  return [
    ...operations.flatMap((operation) => complaint(operation, times.get(operation.text) ?? [])),
    ...[...times.keys()]
      .filter((text) => !requested.has(text))
      .map((text) => `stored but never sent: ${text}`),
  ];
}

function complaint({ text, outcome, id, seq }: Operation, stored: readonly Seen[]): string[] {
  if (stored.length > 1) return [`stored ${stored.length} times: ${text}`];
  if (outcome === 'fail' && stored.length > 0) return [`refused but stored: ${text}`];
  if (outcome !== 'ok') return [];
  const [message] = stored;
  if (message === undefined) return [`acknowledged but lost: ${text}`];
  return message.id === id && message.seq === seq
    ? []
    : [`acknowledged with another id or seq than stored: ${text}`];
}

function numberedWithoutGap(stored: Evidence['stored']): string[] {
  return [...stored].flatMap(([chatId, messages]) =>
    messages.every((message, index) => message.seq === index + 1)
      ? []
      : [`seq of chat ${chatId} has a gap or a repeat`],
  );
}

/** A message sent after an acknowledgement in the same chat gets a higher `seq`. */
function realTimeOrder(operations: readonly Operation[]): string[] {
  const complaints: string[] = [];
  for (const chat of Map.groupBy(
    operations.filter(({ outcome }) => outcome === 'ok'),
    ({ chatId }) => chatId,
  ).values()) {
    const completed = chat.toSorted((a, b) => (a.completedAt ?? 0) - (b.completedAt ?? 0));
    let next = 0;
    let highest = 0;
    for (const operation of chat.toSorted((a, b) => a.invokedAt - b.invokedAt)) {
      for (
        let done = completed[next];
        done !== undefined && (done.completedAt ?? 0) < operation.invokedAt;
        done = completed[++next]
      )
        highest = Math.max(highest, done.seq ?? 0);
      if ((operation.seq ?? 0) <= highest)
        complaints.push(
          `reordered: ${operation.text} has seq ${operation.seq ?? 0}, sent after ${highest} was acknowledged`,
        );
    }
  }
  return complaints;
}

function viewIsHistory({ who, chatId, seen }: View, history: readonly Seen[]): string[] {
  const ids = new Set(seen.map((message) => message.id));
  if (ids.size < seen.length) return [`${who} saw a message twice in chat ${chatId}`];
  const known = new Set(history.map((message) => message.id));
  const invented = seen.find((message) => !known.has(message.id));
  if (invented !== undefined)
    return [`${who} saw a message that is not stored in chat ${chatId}: ${invented.text}`];
  const wrong = history.findIndex((message, index) => message.id !== seen[index]?.id);
  if (wrong === -1) return [];
  return [
    `${who} saw ${seen.length} of ${history.length} messages of chat ${chatId}; at ${wrong + 1}: ${seen[wrong]?.seq ?? 'nothing'}`,
  ];
}

/** A fault must not cause a permanent refusal: the sender may always retry. */
const refusedForAReason = (operations: readonly Operation[]): string[] =>
  operations
    .filter(({ outcome, code }) => outcome === 'fail' && code !== 'CHAT_CLOSED')
    .map(({ text, code }) => `refused for good with ${code ?? 'nothing'}: ${text}`);

/** After the reply to a closing, no later send to that chat is acknowledged. */
const closedStaysClosed = ({ operations, closings }: Evidence): string[] => {
  const closedAt = new Map(closings.map(({ chatId, repliedAt }) => [chatId, repliedAt]));
  return operations
    .filter(
      ({ chatId, invokedAt, outcome }) =>
        outcome === 'ok' && invokedAt > (closedAt.get(chatId) ?? Number.POSITIVE_INFINITY),
    )
    .map(({ text }) => `acknowledged after the chat was closed: ${text}`);
};

const departuresAreCorrect = ({ departures }: Evidence): string[] =>
  (departures ?? [])
    .filter((departure) => departure.reported > departure.actual)
    .map(
      (departure) =>
        `${departure.who} received ${departure.reported} \`left\` events for user ${departure.userId}, who left ${departure.actual} times`,
    );

const activeUsersAreCorrect = ({ activeUsers }: Evidence): string[] =>
  activeUsers.flatMap(({ chatId, expected, found }) =>
    expected.join() === found.join()
      ? []
      : [`active users of chat ${chatId}: ${found.join()} instead of ${expected.join()}`],
  );
