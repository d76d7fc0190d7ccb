/**
 * Injects failpoints into the process that loads it first: `node --import inject-failpoints.ts src/main.ts`,
 * with FAILPOINTS and SERVICE_INSTANCE (see failpoints.ts). The product does not know it: it wraps methods of
 * the libraries through which a process meets the world. A library that lacks the method ends the process,
 * and each failpoint writes a line when it first acts, so that a test fails when a moment no longer exists.
 *
 * | name                  | moment, and how it is found                                                   |
 * | --------------------- | ----------------------------------------------------------------------------- |
 * | gateway.frameRead     | A client's event was read: `onevent` of Socket.IO. With `throw`, its payload  |
 * |                       | throws when the gateway reads it.                                             |
 * | bus.requestPublished  | A request was published: NATS `publish` with a reply subject.                 |
 * | bus.replied           | A reply was published: NATS `publish` to `_INBOX.…`.                          |
 * | message.published     | A new message was published: NATS `publish` to `room.<chat>.message`.         |
 * | postgres.work         | A statement is due: `query` of pg.                                            |
 * | message.inTransaction | Sends are written but not committed: the statement `append-plain` was sent,   |
 * |                       | or the COMMIT of a transaction that inserted messages is due.                 |
 * | message.committed     | Sends are committed, but the service does not know it yet: the same           |
 * |                       | statements have their result.                                                 |
 * | relay.publishing      | An event is due: `publish` of amqplib's confirm channel.                      |
 * | relay.confirmed       | RabbitMQ confirmed an event: the callback of that `publish`.                  |
 * | relay.pageConfirmed   | All of a page is confirmed, its cursor not moved: UPDATE of `relay_cursor`.   |
 */
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { parseFailpoints, reachedLine, type Failpoint } from './failpoints.ts';

type Method = (...args: unknown[]) => unknown;
/** To be called at the moment: kills, throws or does nothing. */
type Pass = () => void;

interface Statement {
  readonly text: string;
  /** Its transaction has inserted messages. */
  readonly followsInsert: boolean;
}

const isAppendPlain = ({ text }: Statement): boolean => text.startsWith('/* append-plain */');
const isCommitOfSends = ({ text, followsInsert }: Statement): boolean => text === 'COMMIT' && followsInsert;

const INJECTIONS: Readonly<Record<string, (pass: Pass) => void>> = {
  'gateway.frameRead': (pass) => {
    wrap(library('socket.io'), 'Socket', 'onevent', (original, [packet]) => {
      const error = errorOf(pass);
      if (error !== undefined) Reflect.set(dataOf(packet), 1, unreadable(error));
      return original(packet);
    });
  },
  'bus.requestPublished': (pass) => {
    wrapPublish(([, , options]) => isObject(options) && 'reply' in options, pass);
  },
  'bus.replied': (pass) => {
    wrapPublish(([subject]) => String(subject).startsWith('_INBOX.'), pass);
  },
  'message.published': (pass) => {
    wrapPublish(
      ([subject, frame]) =>
        /^room\.[^.]+\.message$/.test(String(subject)) && String(frame).includes('"newMessage"'),
      pass,
    );
  },
  'postgres.work': (pass) => {
    wrapStatements({ isDue: () => true }, pass);
  },
  'message.inTransaction': (pass) => {
    wrapStatements({ isDue: isCommitOfSends, isSent: isAppendPlain }, pass);
  },
  'message.committed': (pass) => {
    wrapStatements({ isDone: (statement) => isAppendPlain(statement) || isCommitOfSends(statement) }, pass);
  },
  'relay.publishing': (pass) => {
    wrapConfirmedPublish((original, args) => {
      pass();
      return original(...args);
    });
  },
  'relay.confirmed': (pass) => {
    wrapConfirmedPublish((original, args) => {
      const confirmed = args.at(-1);
      if (!isMethod(confirmed)) throw new Error('amqplib: publish without a callback');
      return original(...args.slice(0, -1), (error: unknown) => {
        confirmed(error ?? errorOf(pass) ?? null);
      });
    });
  },
  'relay.pageConfirmed': (pass) => {
    wrapStatements({ isDue: ({ text }) => /\bUPDATE \S*relay_cursor SET\b/.test(text) }, pass);
  },
};

function inject(failpoint: Failpoint): void {
  const install = INJECTIONS[failpoint.name];
  if (install === undefined) throw new Error(`no failpoint is called ${failpoint.name}`);
  install(passOf(failpoint));
}

function passOf({ instance, name, action, at }: Failpoint): Pass {
  let passes = 0;
  let isSignalled = false;
  let isReported = false;
  if (at === 'SIGUSR2')
    process.on('SIGUSR2', () => {
      isSignalled = true;
    });
  return () => {
    passes += 1;
    if (at === 'SIGUSR2' ? !isSignalled : passes !== at) return;
    // Synchronous, since the process may be about to die.
    if (!isReported) writeSync(process.stderr.fd, `${reachedLine(instance, name)}\n`);
    isReported = true;
    if (action === 'throw') throw new Error(`failpoint ${name}`);
    process.kill(process.pid, 'SIGKILL');
  };
}

/** Passes; what it threw is returned. */
function errorOf(pass: Pass): Error | undefined {
  try {
    pass();
    return undefined;
  } catch (error) {
    return Error.isError(error) ? error : new Error(String(error));
  }
}

/** Passes after NATS was given a message that `isIt`. */
function wrapPublish(isIt: (args: readonly unknown[]) => boolean, pass: Pass): void {
  wrap(library('@nats-io/nats-core/internal'), 'NatsConnectionImpl', 'publish', (original, args) => {
    original(...args);
    if (isIt(args)) pass();
  });
}

function wrapConfirmedPublish(around: (original: Method, args: readonly unknown[]) => unknown): void {
  const channels = library(join(dirname(requireOf().resolve('amqplib')), 'lib/channel_model.js'));
  wrap(channels, 'ConfirmChannel', 'publish', around);
}

/**
 * Passes at statements of pg: before one that `isDue` is sent, once one that `isSent` is sent, when one that
 * `isDone` has its result. What `pass` throws is the result of the statement, whatever Postgres made of it.
 */
function wrapStatements(
  at: {
    readonly isDue?: (statement: Statement) => boolean;
    readonly isSent?: (statement: Statement) => boolean;
    readonly isDone?: (statement: Statement) => boolean;
  },
  pass: Pass,
): void {
  const inserted = new WeakSet<object>();
  wrap(library('pg'), 'Client', 'query', (original, args, client) => {
    const [query] = args;
    const text = isObject(query) && 'text' in query ? String(query.text) : String(query);
    const statement = { text, followsInsert: inserted.has(client) };
    if (/^(START TRANSACTION|BEGIN|COMMIT|ROLLBACK)\b/.test(text)) inserted.delete(client);
    else if (text.includes('INSERT INTO message.message ')) inserted.add(client);

    const callback = args.at(-1);
    const [given, end] = isMethod(callback) ? [args.slice(0, -1), callback] : [args, undefined];
    const result = Promise.withResolvers();
    let error = at.isDue?.(statement) === true ? errorOf(pass) : undefined;
    if (error === undefined) {
      original(...given, (failure: unknown, rows: unknown) => {
        const done = failure ?? (at.isDone?.(statement) === true ? errorOf(pass) : undefined);
        if (done === undefined) result.resolve(rows);
        else result.reject(done);
      });
      error = at.isSent?.(statement) === true ? errorOf(pass) : undefined;
    }
    if (error !== undefined) result.reject(error);
    if (end === undefined) return result.promise;
    result.promise.then(
      (rows) => end(undefined, rows),
      (failure: unknown) => end(failure),
    );
    return undefined;
  });
}

/** Replaces a method of a class for this process. Throws when the class or the method is not there. */
function wrap(
  exported: unknown,
  className: string,
  method: string,
  around: (original: Method, args: unknown[], self: object) => unknown,
): void {
  const made: unknown =
    isObject(exported) || isMethod(exported) ? Reflect.get(exported, className) : undefined;
  const prototype: unknown = typeof made === 'function' ? made.prototype : undefined;
  const original: unknown = isObject(prototype) ? Reflect.get(prototype, method) : undefined;
  if (!isObject(prototype) || !isMethod(original)) throw new Error(`there is no ${className}.${method}`);
  Object.defineProperty(prototype, method, {
    configurable: true,
    writable: true,
    value(this: object, ...args: unknown[]): unknown {
      return around(
        (...given) => Reflect.apply<object, unknown[], unknown>(original, this, given),
        args,
        this,
      );
    },
  });
}

/** As the program that runs resolves it, so that it is the very module that the program uses. */
function library(name: string): unknown {
  return requireOf()(name);
}

function requireOf(): NodeJS.Require {
  const [, program] = process.argv;
  if (program === undefined) throw new Error('failpoints need a program to be injected into');
  return createRequire(program);
}

function dataOf(packet: unknown): object {
  const data: unknown = isObject(packet) ? Reflect.get(packet, 'data') : undefined;
  if (!isObject(data)) throw new Error('Socket.IO: an event without data');
  return data;
}

/** A payload that throws whatever is read of it. */
const unreadable = (error: Error): object => {
  const fail = (): never => {
    throw error;
  };
  return new Proxy({}, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail });
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isMethod = (value: unknown): value is Method => typeof value === 'function';

const { FAILPOINTS = '', SERVICE_INSTANCE = '' } = process.env;
// Workers inherit NODE_OPTIONS, and have nothing to inject into.
if (isMainThread)
  for (const failpoint of parseFailpoints(FAILPOINTS))
    if (failpoint.instance === SERVICE_INSTANCE) inject(failpoint);
