/**
 * The load generator's process: executes its parent's commands and replies to each with a result or an error.
 * The parent sends one at a time.
 */
import { Crowd } from './crowd.ts';
import type { Command } from './load.ts';

const crowd = new Crowd();

process.on('message', (command: Command) => {
  execute(command).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => {
  process.exit();
});

async function execute(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'join':
      return crowd.join(command.seats, command.atOnce);
    case 'watch':
      return crowd.watch(command.seat, command.chatIds, command.atOnce);
    case 'measure':
      return crowd.measure(command.forMs);
    case 'drain':
      return crowd.drain();
    case 'send':
      crowd.send(command.pace, command.senders);
      return undefined;
    case 'leave':
      crowd.leave();
      return undefined;
  }
}
