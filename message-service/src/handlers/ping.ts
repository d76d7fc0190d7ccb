import type { Handler } from '@switchboard/shared/bus';
import type { messageContracts } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { MessageStore } from '../domain/message-store.ts';

export const pingHandler = (store: MessageStore): Handler<typeof messageContracts.ping> =>
  async () => {
    if (!(await store.isReady())) throw new Failure('UNAVAILABLE');
    return { ready: true };
  };
