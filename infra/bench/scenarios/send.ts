import { cpuPer, SENDS, sideBySide, type Traffic } from './side-by-side.ts';
import type { Scenario } from './scenario.ts';

const traffic: Traffic = { chats: 50, members: 2, pace: { kind: 'closed', inFlight: 2 }, per: 'send' };

export const send: Scenario = {
  name: 'send',
  minutes: 4,
  run: async (effort) => {
    const rounds = await sideBySide(traffic, effort);
    return {
      scenario: 'send',
      about: '50 chats of two, both writing, four sends in flight in each, 60 bytes of text; as fast as they are acknowledged.',
      figures: rounds.figures,
      goals: [
        { name: 'acknowledged sends, of bare', ratios: rounds.ratios(SENDS, 'switchboard', 'bare'), atLeast: 1.6 },
        { name: 'CPU per send, of bare', ratios: rounds.ratios(cpuPer('send'), 'switchboard', 'bare'), atMost: 0.65 },
      ],
      notes: [],
    };
  },
};
