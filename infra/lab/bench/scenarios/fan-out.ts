import { compare, cpuPer, DELIVERIES } from './side-by-side.ts';

export const fanOut = compare({
  name: 'fan-out',
  minutes: 4,
  about:
    'One chat with 300 sockets. 16 of them send, with two sends in flight each; all receive each message.',
  traffic: { chats: 1, members: 300, senders: 16, pace: { kind: 'closed', inFlight: 2 }, per: 'delivery' },
  goals: (rounds) => [
    { name: 'deliveries, of echo', ratios: rounds.ratios(DELIVERIES, 'switchboard', 'echo'), atLeast: 0.95 },
    { name: 'deliveries, of bare', ratios: rounds.ratios(DELIVERIES, 'switchboard', 'bare'), atLeast: 1.1 },
    {
      name: 'CPU per delivery, of echo',
      ratios: rounds.ratios(cpuPer('delivery'), 'switchboard', 'echo'),
      atMost: 1.05,
    },
  ],
});
