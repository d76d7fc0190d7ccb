import { sideBySide, type Traffic } from './side-by-side.ts';
import type { Scenario } from './scenario.ts';

const traffic: Traffic = { chats: 50, members: 2, runUp: { kind: 'closed', inFlight: 2 }, pace: { kind: 'open', perSecond: 100 }, per: 'send' };

export const quiet: Scenario = {
  name: 'quiet latency',
  minutes: 5,
  run: async (effort) => {
    const rounds = await sideBySide(traffic, effort);
    return {
      scenario: 'quiet latency',
      about: '50 chats of two, 100 sends a second of all together, whatever becomes of them; after a run-up at full speed.',
      figures: rounds.figures,
      goals: [
        { name: 'acknowledgement p50, of bare', ratios: rounds.ratios('acknowledgement p50', 'switchboard', 'bare'), atMost: 1.5 },
        { name: 'acknowledgement p99, of bare', ratios: rounds.ratios('acknowledgement p99', 'switchboard', 'bare'), atMost: 2 },
      ],
      notes: [],
    };
  },
};
