import { compare } from './side-by-side.ts';

export const quiet = compare({
  name: 'quiet latency',
  minutes: 5,
  about:
    '50 chats of two, 100 sends a second in total, independent of replies; after a run-up at full speed.',
  traffic: {
    chats: 50,
    members: 2,
    runUp: { kind: 'closed', inFlight: 2 },
    pace: { kind: 'open', perSecond: 100 },
    per: 'send',
  },
  goals: (rounds) => [
    {
      name: 'acknowledgement p50, of bare',
      ratios: rounds.ratios('acknowledgement p50', 'switchboard', 'bare'),
      atMost: 1.5,
    },
    {
      name: 'acknowledgement p99, of bare',
      ratios: rounds.ratios('acknowledgement p99', 'switchboard', 'bare'),
      atMost: 2,
    },
  ],
});
