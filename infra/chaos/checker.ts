import type { Evidence, Operation, Seen, View } from './history.ts';

/** Every broken promise in the evidence, as a sentence; none means that all of them held. */
export function check(evidence: Evidence): string[] {
  return [
    ...acknowledgedOnce(evidence),
    ...numberedWithoutHole(evidence.stored),
    ...realTimeOrder(evidence.operations),
    ...evidence.views.flatMap((view) => viewIsHistory(view, evidence.stored.get(view.chatId) ?? [])),
    ...refusedForAReason(evidence.operations),
    ...closedStaysClosed(evidence),
    ...departuresAreTrue(evidence),
    ...activeUsersAreRight(evidence),
  ];
}

/** What was acknowledged is stored once; what was refused is not; nothing is stored twice or without having been asked. */
function acknowledgedOnce({ operations, stored }: Evidence): string[] {
  const times = new Map<string, Seen[]>();
  for (const messages of stored.values()) for (const message of messages) times.set(message.text, [...(times.get(message.text) ?? []), message]);
  const asked = new Set(operations.map((operation) => operation.text));
  return [
    ...operations.flatMap((operation) => complaint(operation, times.get(operation.text) ?? [])),
    ...[...times.keys()].filter((text) => !asked.has(text)).map((text) => `stored but never sent: ${text}`),
  ];
}

function complaint({ text, outcome, id, seq }: Operation, stored: readonly Seen[]): string[] {
  if (stored.length > 1) return [`stored ${stored.length} times: ${text}`];
  if (outcome === 'fail' && stored.length > 0) return [`refused and yet stored: ${text}`];
  if (outcome !== 'ok') return [];
  const [message] = stored;
  if (message === undefined) return [`acknowledged and lost: ${text}`];
  return message.id === id && message.seq === seq ? [] : [`acknowledged as another message than stored: ${text}`];
}

function numberedWithoutHole(stored: Evidence['stored']): string[] {
  return [...stored].flatMap(([chatId, messages]) =>
    messages.every((message, index) => message.seq === index + 1) ? [] : [`seq of chat ${chatId} has a hole or a repeat`]);
}

/** A message sent after another of the same chat was acknowledged comes after it. */
function realTimeOrder(operations: readonly Operation[]): string[] {
  const complaints: string[] = [];
  for (const chat of Map.groupBy(operations.filter(({ outcome }) => outcome === 'ok'), ({ chatId }) => chatId).values()) {
    const completed = chat.toSorted((a, b) => (a.completedAt ?? 0) - (b.completedAt ?? 0));
    let next = 0;
    let highest = 0;
    for (const operation of chat.toSorted((a, b) => a.invokedAt - b.invokedAt)) {
      for (let done = completed[next]; done !== undefined && (done.completedAt ?? 0) < operation.invokedAt; done = completed[++next]) highest = Math.max(highest, done.seq ?? 0);
      if ((operation.seq ?? 0) <= highest) complaints.push(`reordered: ${operation.text} has seq ${operation.seq ?? 0}, sent after ${highest} was acknowledged`);
    }
  }
  return complaints;
}

function viewIsHistory({ who, chatId, seen }: View, history: readonly Seen[]): string[] {
  const ids = new Set(seen.map((message) => message.id));
  if (ids.size < seen.length) return [`${who} saw a message twice in chat ${chatId}`];
  const known = new Set(history.map((message) => message.id));
  const invented = seen.find((message) => !known.has(message.id));
  if (invented !== undefined) return [`${who} saw what is not stored in chat ${chatId}: ${invented.text}`];
  const wrong = history.findIndex((message, index) => message.id !== seen[index]?.id);
  if (wrong === -1) return [];
  return [`${who} saw ${seen.length} of ${history.length} messages of chat ${chatId}; at ${wrong + 1}: ${seen[wrong]?.seq ?? 'nothing'}`];
}

/** A fault is never the sender's: whatever it brings about may be tried again. */
const refusedForAReason = (operations: readonly Operation[]): string[] =>
  operations.filter(({ outcome, code }) => outcome === 'fail' && code !== 'CHAT_CLOSED').map(({ text, code }) => `refused for good, as ${code ?? 'nothing'}: ${text}`);

/** Once a closing is answered, nothing sent from then on is acknowledged. */
const closedStaysClosed = ({ operations, closings }: Evidence): string[] => {
  const closedAt = new Map(closings.map(({ chatId, answeredAt }) => [chatId, answeredAt]));
  return operations
    .filter(({ chatId, invokedAt, outcome }) => outcome === 'ok' && invokedAt > (closedAt.get(chatId) ?? Number.POSITIVE_INFINITY))
    .map(({ text }) => `acknowledged after the chat was closed: ${text}`);
};

const departuresAreTrue = ({ departures }: Evidence): string[] =>
  departures.filter((departure) => departure.told > departure.true)
    .map((departure) => `${departure.who} was told ${departure.told} times that ${departure.userId} had left, who was away ${departure.true} times`);

const activeUsersAreRight = ({ activeUsers }: Evidence): string[] =>
  activeUsers.flatMap(({ chatId, expected, found }) =>
    expected.join() === found.join() ? [] : [`active in chat ${chatId}: ${found.join()} instead of ${expected.join()}`]);
