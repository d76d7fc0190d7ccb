import { existsSync } from 'node:fs';
import { programOnPath } from '../../dev/processes/on-path.ts';

/** Debian's program on the PATH is a wrapper that switches to another user. */
const DEBIAN = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** The rabbitmq-server of this machine, for tests that kill or restart it. */
export const rabbitProgram = existsSync(DEBIAN) ? DEBIAN : programOnPath('rabbitmq-server');
/** The URL of an external server, for tests that do not disturb it. */
export const givenRabbit = process.env['AMQP_URL'] === '' ? undefined : process.env['AMQP_URL'];

/** For tests that need only an exchange of their own. */
export const canOpenRabbit = rabbitProgram !== undefined || givenRabbit !== undefined;
/** For tests that kill, fill and restart the server. */
export const canStartRabbit = rabbitProgram !== undefined;

/** Says which tests are skipped and why; undefined when none are. */
export function skippedWithoutRabbit(): string | undefined {
  if (rabbitProgram !== undefined) return undefined;
  const what =
    givenRabbit === undefined ? 'all tests with RabbitMQ' : 'the tests that kill, fill or restart RabbitMQ';
  return `There is no rabbitmq-server on this machine${givenRabbit === undefined ? ', and AMQP_URL is not set' : ''}: ${what} are skipped. To run them, install it: apt-get install rabbitmq-server`;
}
