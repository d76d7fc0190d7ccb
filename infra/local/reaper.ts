/**
 * Ends what a launcher leaves behind. It lives in a session of its own and reads, line by line, the list of what there
 * is to end; the end of its input means that whoever wrote it is gone, however that came, kill -9 included.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { endInOrder, type Mortal } from './end-in-order.ts';
import { parseMortals } from './reaper-line.ts';

// Only the launcher's end may end it: a Ctrl-C or a hang-up is not for it.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);

let latest: Mortal[] = [];
for await (const line of createInterface({ input: process.stdin })) latest = parseMortals(line) ?? latest;
await endInOrder(latest, 5_000);
for (const { remove } of latest) if (remove !== undefined) rmSync(remove, { recursive: true, force: true });
