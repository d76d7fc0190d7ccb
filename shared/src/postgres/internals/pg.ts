import pg from 'pg';

// Parts of pg and pg-pool that their documentation does not promise: the socket of a client, the shape of
// its `query`, and the texts of errors that carry no code. `shared/test/internals.test.ts` fails when another
// version is installed, or when one of these parts changes.

export const PG_VERSION = '8.23';
export const PG_POOL_VERSION = '3.14';

const READ_TIMEOUT = 'Query read timeout';
const CONNECTION_LOST = /timeout|terminated|not queryable|Connection|connect/;

/** Closes the TCP connection without a goodbye. Relies on `client.connection.stream` being the socket. */
export function destroySocket(client: pg.Client): void {
  client.connection.stream.destroy();
}

/** Whether pg stopped waiting for a statement after `query_timeout`. Relies on the error's text. */
export const isReadTimeout = (error: unknown): boolean =>
  error instanceof Error && error.message === READ_TIMEOUT;

/** Whether the connection was lost, or none was made in time. Relies on texts of errors without a code. */
export const isConnectionLost = (error: Error): boolean => CONNECTION_LOST.test(error.message);

/**
 * Calls `onError` with the error of each failed statement of one client. Relies on `query` being a method of
 * the prototype that returns a promise when it gets no callback. With a callback the caller is pg-pool, which
 * discards a client whose statement failed.
 */
export function onQueryError(client: pg.Client, onError: (error: unknown) => void): void {
  const query: unknown = Reflect.get(pg.Client.prototype, 'query');
  if (typeof query !== 'function') throw new Error('pg.Client has no query');
  Object.defineProperty(client, 'query', {
    value: (...args: unknown[]): unknown => {
      const result: unknown = Reflect.apply(query, client, args);
      if (result instanceof Promise) result.catch(onError);
      return result;
    },
  });
}
