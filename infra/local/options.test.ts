import { describe, expect, it } from '@jest/globals';
import { parseOptions } from './options.ts';
import { instancesOf } from './programs.ts';

const named = (...args: string[]): string[] => instancesOf(parseOptions(args).replicas).map(({ instance }) => instance);

describe('the options of npm start', () => {
  it('run one of each by default', () => {
    expect(named()).toEqual(['gateway', 'chat-service', 'message-service', 'presence-service']);
  });

  it('name replicas by number, from the second on', () => {
    expect(named('--replicas', 'gateway=2,chat-service=3', '--only', 'gateway', '--only=chat-service')).toEqual([
      'gateway',
      'gateway-2',
      'chat-service',
      'chat-service-2',
      'chat-service-3',
    ]);
  });

  it('run the page of traces for whom asks for it only', () => {
    expect(parseOptions([]).traces).toBe(false);
    expect(parseOptions(['--traces', '--only', 'gateway'])).toMatchObject({ traces: true, replicas: new Map([['gateway', 1]]) });
  });

  it.each([
    [['--replica', 'gateway=2'], /--replica/],
    [['--only', 'chat'], 'There is no program "chat"'],
    [['--replicas', 'gateway'], 'wants name=count'],
    [['--replicas', 'gateway=0'], 'wants name=count'],
    [['--replicas', 'gateway=2', '--only', 'chat-service'], '--only leaves out'],
    [['gateway'], /gateway/],
    [['--traces=9999'], /--traces/],
  ])('refuse %j', (args, sentence) => {
    expect(() => parseOptions(args)).toThrow(sentence);
  });
});
