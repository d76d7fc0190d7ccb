import pg from 'pg';
import { destroySocket, isReadTimeout, onQueryError } from './internals/pg.ts';

/**
 * Closes its connection at the first query timeout. pg itself keeps using it: the server may still run the
 * statement, and a transaction that it opens would swallow the next statements of that connection. They would
 * succeed and never be committed.
 */
export class FailFastClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    onQueryError(this, (error) => {
      if (isReadTimeout(error)) destroySocket(this);
    });
  }
}
