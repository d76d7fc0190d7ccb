import { cpus, release, totalmem } from 'node:os';
import { usualLoad } from './load.ts';
import type { Result } from './result.ts';

/** Renders the results as a page of markdown. */
export const report = (results: readonly Result[]): string => `# Chaos report

Written by \`npm run chaos -- --report\`: Linux ${release().split('-')[0] ?? ''}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}.
${results.length} faults, ${results.filter(held).length} held, ${results.filter(({ complaints }) => complaints.length > 0).length} broken, ${results.filter(({ notHere }) => notHere !== undefined).length} not possible on this machine.

## What was done

Each fault strikes a system of its own: real processes, started as by \`npm start\`, and real kills. Two gateways and two
message-services unless said otherwise. While it strikes, ${usualLoad.chats * 2} sockets are joined to ${usualLoad.chats} chats and send ${usualLoad.sendsPerSecond} messages a second, half of
them with a key and retried until the outcome is known; ${usualLoad.churners} more sockets come and go; chats are opened, and closed while
members send to them. Each send and its outcome is recorded as Jepsen does: a send is *acknowledged*, *refused* for good, or
*unknown*, and then it may be stored once or not at all.

## What was checked after each

- Every acknowledged message is stored once, as acknowledged; nothing refused is stored; nothing is stored twice; \`seq\` has no hole.
- A message sent after an acknowledgement gets a higher \`seq\`. No message sent after the reply to a closing is acknowledged.
- Each member received, live or by catch-up, the stored messages of the chat: in order, each once, and no others.
- The list of active users is correct, and no member received a \`left\` event for a user who was there.
- No reply took longer than 2 s; the system served again within 3 s of the end of the cause (Postgres: 5 s), by itself.
- Once every client has left, no room, follower or subscription is left, and timers, promises, connections and
  memory are back at the baseline, as counted in the heap of every process; no session of Postgres is left in a transaction;
  no process is left.

## What was seen

| fault | tried on | seed | acknowledged | refused | unknown | longest recovery | promises |
| --- | --- | --- | --- | --- | --- | --- | --- |
${results.map(row).join('\n')}

## What cannot be tested here, and what is tested instead

- **Power loss.** A killed Postgres loses nothing that the kernel has; a machine that loses power does. Instead, a test
  asserts, on the Postgres that \`npm start\` runs, the settings that make COMMIT wait for the disk: \`fsync\`, \`synchronous_commit\`
  and \`full_page_writes\` are on (\`infra/test/dev/launcher.slow.ts\`). Whether a disk really flushes cannot be tested here.
- **A network of real hosts.** Instead: a link through a network namespace that is pulled and plugged, so that packets are
  lost in the kernel and connections stay half open; and proxies that drop one way or both, delay, reset and slice.
  TCP handles packets lost or reordered at random; they show as delay.
- **A disk full under the write-ahead log.** Postgres then ends itself by design and stays down until there is space. The fault above
  fills the disk of the tables; keep the log on another one.

## What happened

${results
  .filter(({ notes }) => notes.length > 0)
  .map(({ fault, notes }) => `**${fault}**\n\n${notes.map((line) => `- ${line}`).join('\n')}`)
  .join('\n\n')}
`;

const held = ({ complaints, notHere }: Result): boolean => complaints.length === 0 && notHere === undefined;

const row = (result: Result): string => {
  const { on, fault, seed, sends, recoveryMs } = result;
  const took = recoveryMs === undefined ? '' : `${(recoveryMs / 1_000).toFixed(1)} s`;
  return `| ${fault} | ${on} | ${seed} | ${sends.ok} | ${sends.fail} | ${sends.info} | ${took} | ${outcome(result)} |`;
};

const outcome = (result: Result): string => {
  if (result.notHere !== undefined) return `not here: ${result.notHere}`;
  return held(result) ? 'held' : `**broken**: ${result.complaints.slice(0, 3).join('; ')}`;
};
