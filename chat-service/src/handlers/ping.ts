import type { Handler } from '@switchboard/shared/bus';
import type { chatContracts } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { ChatStore } from '../domain/chat-store.ts';

export const pingHandler = (store: ChatStore): Handler<typeof chatContracts.ping> =>
  async () => {
    if (!(await store.isReady())) throw new Failure('UNAVAILABLE');
    return { ready: true };
  };
