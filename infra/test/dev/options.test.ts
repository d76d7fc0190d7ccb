import { describe, expect, it } from '@jest/globals';
import { parseOptions } from '../../dev/options.ts';
import { instancesOf } from '../../dev/topology/programs.ts';

const instances = (args: string[], env: NodeJS.ProcessEnv): string[] =>
  instancesOf(parseOptions(args, env).replicas).map(({ instance }) => instance);
const named = (...args: string[]): string[] => instances(args, {});

describe('the options of npm start', () => {
  it('run one of each by default', () => {
    expect(named()).toEqual(['gateway', 'chat-service', 'message-service', 'presence-service']);
  });

  it('number replicas from the second on', () => {
    expect(
      named('--replicas', 'gateway=2,chat-service=3', '--only', 'gateway', '--only=chat-service'),
    ).toEqual(['gateway', 'gateway-2', 'chat-service', 'chat-service-2', 'chat-service-3']);
  });

  it('run webhook-service only with AMQP_URL', () => {
    const env = { AMQP_URL: 'amqp://localhost' };
    expect(instances([], env)).toEqual([
      'gateway',
      'chat-service',
      'message-service',
      'presence-service',
      'webhook-service',
    ]);
    expect(instances(['--only', 'webhook-service', '--replicas', 'webhook-service=2'], env)).toEqual([
      'webhook-service',
      'webhook-service-2',
    ]);
    expect(instances(['--only', 'gateway'], env)).toEqual(['gateway']);
    expect(named()).not.toContain('webhook-service');
  });

  it('run the trace page only with --traces', () => {
    expect(parseOptions([]).traces).toBe(false);
    expect(parseOptions(['--traces', '--only', 'gateway'])).toMatchObject({
      traces: true,
      replicas: new Map([['gateway', 1]]),
    });
  });

  it.each([
    [['--replica', 'gateway=2'], /--replica/],
    [['--only', 'chat'], 'There is no program "chat"'],
    [['--replicas', 'gateway'], 'needs name=count'],
    [['--replicas', 'gateway=0'], 'needs name=count'],
    [['--replicas', 'gateway=2', '--only', 'chat-service'], '--only leaves out'],
    [['--only', 'webhook-service'], 'needs AMQP_URL'],
    [['--replicas', 'webhook-service=2'], 'does not run without AMQP_URL'],
    [['gateway'], /gateway/],
    [['--traces=9999'], /--traces/],
  ])('refuse %j', (args, sentence) => {
    expect(() => parseOptions(args)).toThrow(sentence);
  });
});
