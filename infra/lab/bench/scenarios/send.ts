import { compare, cpuPer, SENDS } from './side-by-side.ts';

export const send = compare({
  name: 'send',
  minutes: 4,
  about:
    '50 chats of two, both writing, four sends in flight in each, 60 bytes of text; as fast as they are acknowledged.',
  traffic: { chats: 50, members: 2, pace: { kind: 'closed', inFlight: 2 }, per: 'send' },
  goals: (rounds) => [
    {
      name: 'acknowledged sends, of bare',
      ratios: rounds.ratios(SENDS, 'switchboard', 'bare'),
      atLeast: 1.6,
    },
    {
      name: 'CPU per send, of bare',
      ratios: rounds.ratios(cpuPer('send'), 'switchboard', 'bare'),
      atMost: 0.65,
    },
  ],
});
