import { BINARY, frame } from './raw-websocket.ts';

// Engine.IO and Socket.IO packets on a valid WebSocket.

/** The responses to packets after which the socket stays connected. */
export const RESPONSES = {
  UNKNOWN_EVENT:
    /^42\["error","There is no such event\.",\{"code":"UNKNOWN_EVENT","retryable":false,"traceId":"[0-9a-f]{32}"\}\]$/,
  VALIDATION:
    /^42\["error","The request is not valid\.",\{"code":"VALIDATION","retryable":false,"traceId":"[0-9a-f]{32}","details":\{"issues":\[.+\]\}\}\]$/,
  UNAUTHORIZED:
    /^44\{"message":"A valid token is needed\.","data":\{"code":"UNAUTHORIZED","retryable":false,"traceId":"[0-9a-f]{32}"\}\}$/,
  'no such namespace': /^44\/[^,]*,\{"message":"Invalid namespace"\}$/,
  'an acknowledgement with an id of its own':
    /^43(10{20}|Infinity)\[\{"event":"error","data":"There is no such event\.",/,
} as const;

/** The packet `closes` the connection, or it is `ignored` or gets a response and the socket stays open. */
export type Outcome = 'closes' | 'ignored' | keyof typeof RESPONSES;

export interface PacketRow {
  readonly what: string;
  /** `TOKEN` stands for a valid token. */
  readonly packets: readonly (string | Uint8Array)[];
  readonly outcome: Outcome;
}

const row = (what: string, outcome: Outcome, ...packets: (string | Uint8Array)[]): PacketRow => ({
  what,
  packets,
  outcome,
});
const binary = (payload: string | Uint8Array): Uint8Array => frame({ opcode: BINARY, payload });

const PLACEHOLDER = '{"_placeholder":true,"num":0}';
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

export const OF_A_SOCKET: readonly PacketRow[] = [
  row('an empty frame', 'closes', ''),
  row('a message without a packet', 'closes', '4'),
  row('a packet type that is no number', 'closes', '4x'),
  row('a packet type above the last', 'closes', '47'),
  row('packet type 9', 'closes', '49'),
  row('Engine.IO packet type 8', 'closes', '8'),
  row('Engine.IO packet type 9', 'closes', '9'),
  row('an Engine.IO packet type that is a NUL', 'closes', '\0'),
  row('an Engine.IO packet type that is a letter', 'closes', 'x["x"]'),

  row('an event without a payload', 'UNKNOWN_EVENT', '42'),
  row('an event that is an acknowledgement id alone', 'UNKNOWN_EVENT', '425'),
  row('an event of an empty array', 'closes', '42[]'),
  row('an event named by an object', 'closes', '42[{"toString":"x"}]'),
  row('an event named by null', 'closes', '42[null]'),
  row('an event named by a number', 'UNKNOWN_EVENT', '42[0]'),
  row('an event that is an object', 'closes', '42{"a":1}'),
  row('an event that is null', 'closes', '42null'),
  row('an event cut short', 'closes', '42["sendMessage"'),
  row('an event with something behind it', 'closes', '42["x"]]'),
  row('an event that is deep', 'VALIDATION', `42["typing",${nested(30_000)}]`),
  row('an event for a namespace that it has not joined', 'closes', '42/admin,["x"]'),
  row(
    'an event with lone surrogates',
    'VALIDATION',
    '42["sendMessage",{"chatId":"\\ud800","message":{"text":"\\udfff"}}]',
  ),
  row(
    'an event of a hundred arguments',
    'UNKNOWN_EVENT',
    `42[${Array.from({ length: 100 }, () => '"x"').join(',')}]`,
  ),
  ...['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'].map(
    (name) => row(`the reserved event ${name}`, 'closes', `42["${name}"]`),
  ),
  ...['error', '__proto__', 'constructor', 'toString', 'connection', ''].map((name) =>
    row(`the event "${name}"`, 'UNKNOWN_EVENT', `42["${name}","x"]`),
  ),

  row(
    'an acknowledgement id above all integers',
    'an acknowledgement with an id of its own',
    '4299999999999999999999["x"]',
  ),
  row(
    'an acknowledgement id of 1,000 digits',
    'an acknowledgement with an id of its own',
    `42${'9'.repeat(1_000)}["x"]`,
  ),
  row('a negative acknowledgement id', 'closes', '42-1["x"]'),
  row('an acknowledgement id that is a fraction', 'closes', '421.5["x"]'),
  row('an acknowledgement id that is no number', 'closes', '42NaN["x"]'),
  row('an unrequested acknowledgement', 'ignored', '431[]'),
  row('an acknowledgement with __proto__ in it', 'ignored', '430[{"__proto__":{"x":1}}]'),
  row('an acknowledgement of nothing', 'ignored', '43'),
  row('an acknowledgement that is an object', 'closes', '431{}'),

  row(
    'an attachment that never comes, and a text in its place',
    'closes',
    `451-["sendMessage",${PLACEHOLDER}]`,
    '42["x"]',
  ),
  row(
    'an attachment that never comes, and a second header',
    'closes',
    `451-["x",${PLACEHOLDER}]`,
    `451-["x",${PLACEHOLDER}]`,
  ),
  row('one of two attachments', 'closes', `452-["x",${PLACEHOLDER}]`, binary('x'), '42["x"]'),
  row('an acknowledgement with an attachment that never comes', 'closes', `461-1[${PLACEHOLDER}]`, '42["x"]'),
  row('ten million attachments', 'closes', `4510000000-["x",${PLACEHOLDER}]`),
  row('eleven attachments', 'closes', `4511-["x",${PLACEHOLDER}]`),
  row('a count of attachments with an exponent', 'closes', `451e9-["x",${PLACEHOLDER}]`),
  row('no count of attachments', 'closes', '45-'),
  row('nothing behind the type of attachments', 'closes', '45'),
  row('zero attachments', 'closes', `450-["x",${PLACEHOLDER}]`),
  row('a fraction of an attachment', 'closes', `451.5-["x",${PLACEHOLDER}]`),
  row('a negative count of attachments', 'closes', `45-1-["x",${PLACEHOLDER}]`),
  row('attachments without a dash', 'closes', `451["x",${PLACEHOLDER}]`),
  row('attachments of an event without a payload', 'UNKNOWN_EVENT', '451-', binary('x')),
  row('a binary without a header', 'closes', binary('x')),
  row('an empty binary without a header', 'closes', binary('')),
  row('a text that claims to be a binary without a header', 'closes', 'bAAAA'),
  row('a placeholder out of range', 'closes', '451-["x",{"_placeholder":true,"num":1}]', binary('x')),
  row('a negative placeholder', 'closes', '451-["x",{"_placeholder":true,"num":-1}]', binary('x')),
  row('a placeholder __proto__', 'closes', '451-["x",{"_placeholder":true,"num":"__proto__"}]', binary('x')),
  row('a placeholder in the place of the name', 'closes', `451-[${PLACEHOLDER}]`, binary('x')),
  row(
    'a fraction of a placeholder',
    'UNKNOWN_EVENT',
    '451-["x",{"_placeholder":true,"num":0.5}]',
    binary('x'),
  ),
  row(
    'a placeholder that is too deep to be found',
    'closes',
    `451-["typing",${nested(30_000)}]`,
    binary('x'),
  ),
  row(
    'bytes in the place of a payload',
    'VALIDATION',
    `451-["joinChat",${PLACEHOLDER}]`,
    binary(Buffer.alloc(60_000)),
  ),
  row('an unrequested acknowledgement with bytes', 'ignored', `461-1[${PLACEHOLDER}]`, binary('x')),

  row('a second CONNECT', 'closes', '40{"token":"TOKEN"}'),
  row('a second CONNECT without a token', 'closes', '40'),
  row('a second CONNECT of an array', 'closes', '40[]'),
  row('a CONNECT to another namespace', 'no such namespace', '40/admin,{"token":"TOKEN"}'),
  row('a CONNECT to the namespace __proto__', 'no such namespace', '40/__proto__,'),
  row('a DISCONNECT from another namespace', 'closes', '41/admin,'),
  row('a DISCONNECT with a payload', 'closes', '41{}'),
  row('CONNECT_ERROR, which servers send', 'closes', '44{}'),
  row('CONNECT_ERROR of a text', 'closes', '44"x"'),
  row('OPEN, which servers send', 'ignored', '0{"sid":"x"}'),
  row('PING, which servers send', 'closes', '2'),
  row('a probe where there is nothing to upgrade', 'closes', '2probe'),
  row('UPGRADE where there is nothing to upgrade', 'ignored', '5'),
  row('CLOSE, which only polling knows', 'ignored', '1'),
  row('PONG without a PING', 'ignored', '3'),
  row('PONG of a probe', 'ignored', '3probe'),
  row('NOOP', 'ignored', '6'),
];

export const BEFORE_CONNECT: readonly PacketRow[] = [
  row('an event', 'closes', '42["sendMessage",{}]'),
  row('an acknowledgement', 'closes', '431[]'),
  row('a DISCONNECT', 'closes', '41'),
  row('an event behind the CONNECT, before its response', 'closes', '40{"token":"TOKEN"}', '42["x"]'),
  row('a DISCONNECT behind the CONNECT', 'closes', '40{"token":"TOKEN"}', '41'),
  row('two CONNECTs in one segment', 'closes', '40{"token":"TOKEN"}', '40{"token":"TOKEN"}'),
  row('two CONNECTs without a token in one segment', 'closes', '40', '40'),
  row('a CONNECT of an array', 'closes', '40[]'),
  row('a CONNECT of null', 'closes', '40null'),
  row('a CONNECT of a text', 'closes', '40"x"'),
  row('a CONNECT cut short', 'closes', '40{'),
  row('a CONNECT with __proto__ in it', 'UNAUTHORIZED', '40{"__proto__":{"token":"TOKEN"}}'),
  row('a CONNECT whose token is an object', 'UNAUTHORIZED', '40{"token":{"toString":"TOKEN"}}'),
  row('a CONNECT whose token is deep', 'UNAUTHORIZED', `40{"token":${nested(30_000)}}`),
  row('a CONNECT whose token is 60 KB', 'UNAUTHORIZED', `40{"token":"${'a'.repeat(60_000)}"}`),
  row('a CONNECT to another namespace', 'no such namespace', '40/admin,{"token":"TOKEN"}'),
  row('a CONNECT to a namespace with a query', 'no such namespace', '40/?token=x,{"token":"TOKEN"}'),
  row('a CONNECT to a namespace of 60 KB', 'no such namespace', `40/${'x'.repeat(60_000)},`),
  row('PING', 'closes', '2'),
  row('PONG', 'ignored', '3'),
  row('NOOP', 'ignored', '6'),
  row('a binary', 'closes', binary('x')),
];
