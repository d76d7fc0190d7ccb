import { QueryRunnerAlreadyReleasedError } from 'typeorm';
import { codes, Failure } from '../errors.ts';
import { DurationHistogram, isServerFault } from '../telemetry/index.ts';
import { isConnectionLost } from './internals/pg.ts';

/** Runs statements: a DataSource, a transaction's EntityManager, or `prepared`. */
export interface Database {
  query<Row = unknown>(sql: string, parameters?: unknown[]): Promise<Row[]>;
}

/**
 * Contention: lock_not_available, query_canceled, deadlock_detected, serialization_failure,
 * too_many_connections.
 */
const BUSY = new Set(['55P03', '57014', '40P01', '40001', '53300']);
/**
 * The server is away, shutting down, full or a standby: connection exceptions, shutdowns, insufficient
 * resources, I/O errors, read-only, idle timeouts.
 */
const UNAVAILABLE = /^(08|53|57P|58|25006|25P0[34])/;
const NETWORK = /^E(CONN|PIPE|HOST|NET|TIMEDOUT|AI_)/;

/** Maps outages and contention to retryable failures. Returns other errors unchanged. */
export function toFailure(error: unknown): unknown {
  if (!Error.isError(error) || error instanceof Failure) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (BUSY.has(code)) return new Failure('BUSY', undefined, { cause: error });
  if (UNAVAILABLE.test(code) || NETWORK.test(code))
    return new Failure('UNAVAILABLE', undefined, { cause: error });
  // TypeORM releases a runner whose connection ended, even between a transaction's last statement and COMMIT.
  if (code === '' && (isConnectionLost(error) || error instanceof QueryRunnerAlreadyReleasedError))
    return new Failure('UNAVAILABLE', undefined, { cause: error });
  return error;
}

/**
 * An error of Postgres or of the way to it in its own words, with its SQLSTATE or system code. Neither
 * contains a password.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof Failure && error.cause !== undefined) return reasonOf(error.cause);
  // All addresses of a name failed: one reason is enough.
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!Error.isError(error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return code === '' || error.message.includes(code) ? error.message : `${error.message} (${code})`;
}

const durations = new DurationHistogram(
  'switchboard.postgres.work.duration',
  'Duration of database work, including the wait for a connection',
  ['outcome'],
);
// At 0, so that `rate()` sees the first failure.
for (const outcome of ['ok', ...codes.filter(isServerFault)]) durations.createSeries(outcome);

/** Runs database work: maps outages to retryable failures and records the duration. */
export async function databaseWork<Result>(work: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  const end = (outcome: string) => {
    durations.record(performance.now() - startedAt, outcome);
  };
  try {
    const result = await work();
    end('ok');
    return result;
  } catch (error) {
    const failure = toFailure(error);
    end(failure instanceof Failure ? failure.code : 'INTERNAL');
    throw failure;
  }
}
