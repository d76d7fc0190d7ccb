import { parseArgs } from 'node:util';
import { LaunchError } from './processes/command.ts';
import { programNames, type ProgramName } from './topology/names.ts';

export interface Options {
  help: boolean;
  /** The programs to run, in the order of the banner, and the replicas of each. */
  replicas: Map<ProgramName, number>;
  /** Whether to run the trace page and send it every trace. */
  traces: boolean;
}

export const usage = `npm start -- [options]

  --replicas gateway=2,message-service=2   replicas of each program (default: 1)
  --only chat-service                      start only this program and the servers it needs; repeatable
  --traces                                 also start a page that shows the trace of every request
  --help

Programs: ${programNames.join(', ')}.
webhook-service needs AMQP_URL, the URL of a RabbitMQ; without it, it is left out.
Environment:
  PORT (default 3000; a second gateway uses the next), DATA_DIR (default .data), JWT_SECRET or JWT_JWKS_URL.
  NATS_URL, CHAT_DATABASE_URL, MESSAGE_DATABASE_URL, PRESENCE_DATABASE_URL and WEBHOOK_DATABASE_URL use servers that
  already run. NATS_TOKEN, NATS_NKEY_SEED, NATS_CREDS and NATS_TLS_… say how to log in to that NATS.`;

/** Throws a LaunchError for invalid options. */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv = {}): Options {
  const { values } = parse(args);
  const only = listOf(values.only).map(programNamed);
  const replicas = new Map<ProgramName, number>();
  const hasEvents = Boolean(env['AMQP_URL']);
  if (only.includes('webhook-service') && !hasEvents)
    throw new LaunchError('webhook-service needs AMQP_URL. Set it to the URL of a RabbitMQ.');
  const wanted = programNames.filter((name) =>
    only.length === 0 ? name !== 'webhook-service' || hasEvents : only.includes(name),
  );
  for (const name of wanted) replicas.set(name, 1);
  for (const item of listOf(values.replicas)) {
    const [, name = '', count = ''] = /^([^=]+)=([1-9]\d?)$/.exec(item) ?? [];
    if (count === '') throw new LaunchError(`--replicas needs name=count, such as gateway=2, not "${item}".`);
    const program = programNamed(name);
    if (!replicas.has(program))
      throw new LaunchError(
        only.length === 0
          ? `--replicas: ${program} does not run without AMQP_URL. Set it to the URL of a RabbitMQ.`
          : `--replicas: --only leaves out ${program}. Add it to --only.`,
      );
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
    throw new LaunchError(
      `${error instanceof Error ? error.message : String(error)}\nFor the options, run: npm start -- --help`,
    );
  }
}

const listOf = (values: string[] | undefined): string[] =>
  (values ?? [])
    .flatMap((value) => value.split(','))
    .map((item) => item.trim())
    .filter((item) => item !== '');

function programNamed(name: string): ProgramName {
  const found = programNames.find((candidate) => candidate === name);
  if (found === undefined)
    throw new LaunchError(`There is no program "${name}". Choose from: ${programNames.join(', ')}.`);
  return found;
}
