import { cpuPer, DELIVERIES, sideBySide, type Traffic } from './side-by-side.ts';
import type { Scenario } from './scenario.ts';

const traffic: Traffic = { chats: 1, members: 300, senders: 16, pace: { kind: 'closed', inFlight: 2 }, per: 'delivery' };

export const fanOut: Scenario = {
  name: 'fan-out',
  minutes: 4,
  run: async (effort) => {
    const rounds = await sideBySide(traffic, effort);
    return {
      scenario: 'fan-out',
      about: 'One chat with 300 sockets, 16 of which write, two sends in flight each; everybody hears everything.',
      figures: rounds.figures,
      goals: [
        { name: 'deliveries, of echo', ratios: rounds.ratios(DELIVERIES, 'switchboard', 'echo'), atLeast: 0.95 },
        { name: 'deliveries, of bare', ratios: rounds.ratios(DELIVERIES, 'switchboard', 'bare'), atLeast: 1.1 },
        { name: 'CPU per delivery, of echo', ratios: rounds.ratios(cpuPer('delivery'), 'switchboard', 'echo'), atMost: 1.05 },
      ],
      notes: [],
    };
  },
};
