import { cpus, release, totalmem } from 'node:os';
import { usualLoad } from './load.ts';
import type { Result } from './result.ts';

/** What was done and what was seen, as a page of markdown. */
export const report = (results: readonly Result[]): string => `# Chaos report

Written by \`npm run chaos -- --report\`: Linux ${release().split('-')[0] ?? ''}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}.
${results.length} faults, ${results.filter(held).length} held, ${results.filter(({ complaints }) => complaints.length > 0).length} broken, ${results.filter(({ notHere }) => notHere !== undefined).length} not possible on this machine.

## What was done

Each fault strikes a system of its own: real processes, started as \`npm start\` starts them; real kills. Two gateways and two
message-services unless said otherwise. While it strikes, ${usualLoad.chats * 2} sockets are joined to ${usualLoad.chats} chats and send ${usualLoad.sendsPerSecond} messages a second, half of
them with a key and repeated until answered; ${usualLoad.churners} more sockets come and go; chats are opened, written into and closed under the
hands of their writers. What was asked and what came of it is written down in the manner of Jepsen: a send is *acknowledged*,
*refused* for good, or *unknown*, and then it may stand once or not at all.

## What was checked after each

- Every acknowledged message is stored once, as acknowledged; nothing refused is stored; nothing is stored twice; \`seq\` has no hole.
- What was sent after an acknowledgement comes after it. What was sent after a closing was answered is not acknowledged.
- Each member's view, live and caught up, is the history, in order, each message once, and nothing else.
- Who is active is right, and nobody was told that somebody had left who had not.
- No answer took longer than 2 s; all was well again within 3 s of the reason's end (Postgres: 5 s), by itself.
- Once everybody has left, rooms, followers and subscriptions are gone to the last, and timers, promises, connections and
  memory are back at the base line, as counted in the heap of every process; no session of Postgres is left in a transaction;
  no process is left.

## What was seen

| fault | tried on | seed | acknowledged | refused | unknown | longest recovery | promises |
| --- | --- | --- | --- | --- | --- | --- | --- |
${results.map(row).join('\n')}

## What cannot be shown here, and what stands in its place

- **Power loss.** A killed Postgres loses nothing that the kernel has; a machine that loses power does. In its place a test
  asserts, on the Postgres that \`npm start\` runs, the settings that make COMMIT wait for the disk: \`fsync\`, \`synchronous_commit\`
  and \`full_page_writes\` are on (\`infra/local/launcher.test.ts\`). Whether a disk tells the truth about a flush is the disk's affair.
- **A network of real hosts.** In its place: a link through a network namespace that is pulled and plugged, so that packets are
  lost in the kernel and connections stay half open; and proxies of ours that drop one way or both, delay, reset and slice.
  Packets lost or reordered at random are TCP's affair, and show as delay.
- **A disk full under the write-ahead log.** Postgres ends itself then, by design, until there is room. The fault above
  fills the disk of the tables; keep the log on another one.

## What happened

${results.filter(({ notes }) => notes.length > 0).map(({ fault, notes }) => `**${fault}**\n\n${notes.map((line) => `- ${line}`).join('\n')}`).join('\n\n')}
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
