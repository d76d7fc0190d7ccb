import pg from 'pg';

const READ_TIMEOUT = 'Query read timeout';

/**
 * A connection that ends with the first statement that it gave up waiting for. pg itself goes on using it: the statement may yet
 * be done when the server comes back, and a transaction that it begins would swallow whatever is sent over that connection next,
 * answered and never committed.
 */
export class ImpatientClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const query: unknown = Reflect.get(pg.Client.prototype, 'query');
    if (typeof query !== 'function') throw new Error('pg.Client has no query');
    Object.defineProperty(this, 'query', {
      value: (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(query, this, args);
        if (result instanceof Promise) result.catch((error: unknown) => { this.#endAfter(error); });
        return result;
      },
    });
  }

  #endAfter(error: unknown): void {
    if (error instanceof Error && error.message === READ_TIMEOUT) this.connection.stream.destroy();
  }
}
