/**
 * Ends the processes that a launcher leaves behind. Runs in its own session and reads the list of processes,
 * one list per line. The end of its input means that the launcher is gone, for any reason, including kill -9.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { endInOrder, type Mortal } from './end-in-order.ts';
import { parseMortals } from './reaper-line.ts';

// Ignores Ctrl-C and hang-ups: only the end of the launcher ends the reaper.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);

let latest: Mortal[] = [];
for await (const line of createInterface({ input: process.stdin })) latest = parseMortals(line) ?? latest;
await endInOrder(latest, 5_000);
for (const { remove } of latest) if (remove !== undefined) rmSync(remove, { recursive: true, force: true });
