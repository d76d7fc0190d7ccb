import { existsSync } from 'node:fs';
import { programOnPath } from '../local/on-path.ts';

/** Debian's program on the PATH is a wrapper that becomes another user. */
const DEBIAN = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** The rabbitmq-server of this machine, for tests that hurt it. */
export const rabbitProgram = existsSync(DEBIAN) ? DEBIAN : programOnPath('rabbitmq-server');
/** A server that is given is good for what hurts nobody. */
export const givenRabbit = process.env['AMQP_URL'] === '' ? undefined : process.env['AMQP_URL'];

/** For tests that are content with an exchange of their own. */
export const canOpenRabbit = rabbitProgram !== undefined || givenRabbit !== undefined;
/** For tests that kill, fill and restart the server. */
export const canStartRabbit = rabbitProgram !== undefined;

/** What a test run leaves out, and why; undefined: nothing. */
export function leftOutForRabbit(): string | undefined {
  if (rabbitProgram !== undefined) return undefined;
  const what = givenRabbit === undefined ? 'all tests of RabbitMQ' : 'the tests that kill, fill and restart a RabbitMQ';
  return `There is no rabbitmq-server on this machine${givenRabbit === undefined ? ', and AMQP_URL names none' : ''}: ${what} are skipped. To run them: apt-get install rabbitmq-server`;
}
