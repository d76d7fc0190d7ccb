/** A process of the load generator: does what its parent asks, one thing after the other, and says when it is done. */
import { Crowd } from './crowd.ts';
import type { Order } from './load.ts';

const crowd = new Crowd();

process.on('message', (order: Order) => {
  carryOut(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => { process.exit(); });

async function carryOut(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'join': return crowd.join(order.seats, order.atOnce);
    case 'watch': return crowd.watch(order.seat, order.chatIds, order.atOnce);
    case 'measure': return crowd.measure(order.forMs);
    case 'rest': return crowd.rest();
    case 'send':
      crowd.send(order.pace, order.senders);
      return undefined;
    case 'leave':
      crowd.leave();
      return undefined;
  }
}
