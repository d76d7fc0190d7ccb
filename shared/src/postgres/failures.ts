import { Durations } from '../bus/index.ts';
import { Failure } from '../errors.ts';
import { failpoint } from '../failpoints.ts';

/** Whatever can run a statement: a DataSource, or the EntityManager of a transaction. */
export interface Database {
  query<Row = unknown>(sql: string, parameters?: unknown[]): Promise<Row[]>;
}

/** Waited too long for somebody else: lock_not_available, query_canceled, deadlock_detected, too_many_connections. */
const BUSY = new Set(['55P03', '57014', '40P01', '40001', '53300']);
/** Not there, going away, full, or a standby: connection exceptions, shutdowns, insufficient resources, I/O errors, sessions ended for standing still. */
const UNAVAILABLE = /^(08|53|57P|58|25006|25P0[34])/;
const NETWORK = /^E(CONN|PIPE|HOST|NET|TIMEDOUT|AI_)/;
/** TypeORM takes a runner away whose connection has ended, even between a transaction's last statement and its COMMIT. */
const CONNECTION_LOST = /timeout|terminated|not queryable|Connection|connect|Query runner already released/;

/** The retryable failure that an error of the database means; any other error as it is. */
export function toFailure(error: unknown): unknown {
  if (!Error.isError(error) || error instanceof Failure) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (BUSY.has(code)) return new Failure('BUSY', undefined, { cause: error });
  if (UNAVAILABLE.test(code) || NETWORK.test(code)) return new Failure('UNAVAILABLE', undefined, { cause: error });
  if (code === '' && CONNECTION_LOST.test(error.message)) return new Failure('UNAVAILABLE', undefined, { cause: error });
  return error;
}

const durations = new Durations('switchboard.postgres.work.duration', 'A unit of work in Postgres, the wait for a connection included', ['outcome']);

/** Runs database work; its outages surface as retryable failures. */
export async function guarded<Result>(work: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  const end = (outcome: string) => { durations.record(performance.now() - startedAt, outcome); };
  try {
    failpoint('postgres.work');
    const result = await work();
    end('ok');
    return result;
  } catch (error) {
    const failure = toFailure(error);
    end(failure instanceof Failure ? failure.code : 'INTERNAL');
    throw failure;
  }
}
