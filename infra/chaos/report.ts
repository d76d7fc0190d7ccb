import { cpus, release, totalmem } from 'node:os';
import { usualLoad } from './load.ts';
import type { Verdict } from './trial.ts';

/** What was done and what was seen, as a page of markdown. */
export const report = (verdicts: readonly Verdict[]): string => `# Chaos report

${new Date().toISOString().slice(0, 10)}, Linux ${release()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}.
Load while faulting: two gateways, two message-services unless said otherwise, ${usualLoad.chats} chats of two, ${usualLoad.sendsPerSecond} messages a second,
half of them with a key and repeated until answered, ${usualLoad.churners} sockets churning. Real processes, real kills.

Checked after each: every acknowledged message is stored once, as acknowledged; nothing refused is stored; \`seq\` has no
hole; what was sent after an acknowledgement comes after it; each member's view, live and caught up, is the history, in
order, each message once; who is active is right; no answer took more than two seconds.

| fault | seed | acknowledged | refused | unknown | promises |
| --- | --- | --- | --- | --- | --- |
${verdicts.map(({ fault, seed, sends, complaints }) => `| ${fault} | ${seed} | ${sends.ok} | ${sends.fail} | ${sends.info} | ${complaints.length === 0 ? 'held' : `**broken**: ${complaints.slice(0, 3).join('; ')}`} |`).join('\n')}

## What happened

${verdicts.map(({ fault, notes }) => `**${fault}**\n\n${notes.map((line) => `- ${line}`).join('\n')}`).join('\n\n')}
`;
