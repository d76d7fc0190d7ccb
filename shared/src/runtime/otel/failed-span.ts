import { SpanStatusCode, type Attributes, type HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import {
  ATTR_DB_RESPONSE_STATUS_CODE,
  ATTR_ERROR_TYPE,
  ATTR_EXCEPTION_MESSAGE,
  ATTR_EXCEPTION_TYPE,
} from '@opentelemetry/semantic-conventions';

type Outcome = Pick<ReadableSpan, 'status' | 'attributes' | 'events'>;

/** A digit tells it from codes of the system, such as EPIPE. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;
/**
 * The classes of SQLSTATE whose messages quote identifiers only: of connections, constraints, transactions,
 * logins, catalogs, deadlocks, access, resources, locks and interventions. Others quote values of rows.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const QUOTES_NAMES = /^(08|23|25|28|3D|40|42|53|55|57)/;
/** Functions in SQL may say anything in their errors. */
const RAISED = 'P0';

/**
 * What a library's span says of its failure: status, attributes and an exception event with code and reason,
 * without values of rows, parameters or stacks.
 */
export function failureOf({ status, attributes, events }: ReadableSpan, endTime: HrTime): Outcome {
  const exception = events.find(({ name }) => name === 'exception')?.attributes;
  if (status.code !== SpanStatusCode.ERROR || exception === undefined)
    return { status: { code: status.code }, attributes, events: [] };
  const code = codeOf(exception);
  const type = typeOf(exception, code);
  const reason = reasonOf(status.message ?? textOf(exception, ATTR_EXCEPTION_MESSAGE), code);
  return {
    status: { code: status.code, message: reason },
    attributes: {
      ...attributes,
      ...(SQLSTATE.test(code) ? { [ATTR_DB_RESPONSE_STATUS_CODE]: code } : {}),
      [ATTR_ERROR_TYPE]: attributes[ATTR_ERROR_TYPE] ?? (code === '' ? type : code),
    },
    events: [
      {
        name: 'exception',
        time: endTime,
        attributes: { [ATTR_EXCEPTION_TYPE]: type, [ATTR_EXCEPTION_MESSAGE]: reason },
      },
    ],
  };
}

/** The instrumentation of pg puts the error's name and code into the message of its exception. */
const OF_PG = /^PostgreSQL error of type '(.*)' occurred \(code: (\w+)\)$/;

function codeOf(exception: Attributes): string {
  const [, , code] = OF_PG.exec(textOf(exception, ATTR_EXCEPTION_MESSAGE)) ?? [];
  return code === undefined || code === 'UNKNOWN' ? '' : code;
}

function typeOf(exception: Attributes, code: string): string {
  const [, name] = OF_PG.exec(textOf(exception, ATTR_EXCEPTION_MESSAGE)) ?? [];
  // Errors of the server have the class DatabaseError, but the name `error`.
  if (name === 'error' && SQLSTATE.test(code)) return 'DatabaseError';
  return name ?? textOf(exception, ATTR_EXCEPTION_TYPE);
}

function reasonOf(message: string, code: string): string {
  if (code.startsWith(RAISED)) return code;
  // From the first quote to the last: a value may itself hold quotes.
  return SQLSTATE.test(code) && QUOTES_NAMES.test(code) ? message : message.replace(/["'].*["']/s, '…');
}

function textOf(attributes: Attributes, name: string): string {
  const value = attributes[name];
  return typeof value === 'string' ? value : '';
}
