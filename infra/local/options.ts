import { parseArgs } from 'node:util';
import { LaunchError } from './command.ts';
import { programNames, type ProgramName } from './names.ts';

export interface Options {
  help: boolean;
  /** What to run, in the order of the banner, and how many of each. */
  replicas: Map<ProgramName, number>;
  /** Whether to run the page that shows traces, and send it all of them. */
  traces: boolean;
}

export const usage = `npm start -- [options]

  --replicas gateway=2,message-service=2   how many of each to run (1 unless told)
  --only chat-service                      only this, and what it stands on; may be repeated
  --traces                                 also a page that shows the way of every request through the programs
  --help

Programs: ${programNames.join(', ')}.
webhook-service runs where AMQP_URL is set.
Environment: PORT (3000; a second gateway takes the next), DATA_DIR (.data), JWT_SECRET or JWT_JWKS_URL, and NATS_URL or
CHAT_DATABASE_URL, MESSAGE_DATABASE_URL, PRESENCE_DATABASE_URL, WEBHOOK_DATABASE_URL to use servers that run already.`;

/** Throws a LaunchError for what cannot be run. */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv = {}): Options {
  const { values } = parse(args);
  const only = listOf(values.only).map(programNamed);
  const replicas = new Map<ProgramName, number>();
  const hasEvents = Boolean(env['AMQP_URL']);
  if (only.includes('webhook-service') && !hasEvents) throw new LaunchError('webhook-service gets its events from RabbitMQ: it needs AMQP_URL.');
  const wanted = programNames.filter((name) => (only.length === 0 ? name !== 'webhook-service' || hasEvents : only.includes(name)));
  for (const name of wanted) replicas.set(name, 1);
  for (const item of listOf(values.replicas)) {
    const [, name = '', count = ''] = /^([^=]+)=([1-9]\d?)$/.exec(item) ?? [];
    if (count === '') throw new LaunchError(`--replicas wants name=count, such as gateway=2, and not "${item}".`);
    const program = programNamed(name);
    if (!replicas.has(program)) throw new LaunchError(`--replicas names ${program}, which ${only.length === 0 ? 'does not run without AMQP_URL' : '--only leaves out'}.`);
    replicas.set(program, Number(count));
  }
  return { help: values.help ?? false, replicas, traces: values.traces ?? false };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        replicas: { type: 'string', multiple: true },
        only: { type: 'string', multiple: true },
        traces: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new LaunchError(`${error instanceof Error ? error.message : String(error)}\nSee npm start -- --help.`);
  }
}

const listOf = (values: string[] | undefined): string[] =>
  (values ?? []).flatMap((value) => value.split(',')).map((item) => item.trim()).filter((item) => item !== '');

function programNamed(name: string): ProgramName {
  const found = programNames.find((candidate) => candidate === name);
  if (found === undefined) throw new LaunchError(`There is no program "${name}". There are: ${programNames.join(', ')}.`);
  return found;
}
