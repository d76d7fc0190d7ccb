import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Bus } from '@switchboard/shared/bus';
import { chatContracts } from '@switchboard/shared/contracts';
import { fuzzCursors, silent, type CursorInputs } from '@switchboard/infra/test';
import { aClient, admin, Harness } from './harness.ts';

let chats: Harness;
let presence: Bus;
const client = aClient();
beforeAll(async () => {
  chats = await Harness.start();
  const url = chats.nats.url('presence-service');
  presence = await Bus.connect({ url, user: 'presence-service', logger: silent });
  for (let n = 0; n < 5; n++) await chats.open(client);
});
afterAll(async () => {
  await presence.close();
  await chats.stop();
});

const { listChats, readChanges } = chatContracts;
interface Page {
  readonly cursor?: string | undefined;
}
type Read = (cursor: string | undefined) => Promise<Page>;

const list =
  (status?: 'PENDING'): Read =>
  async (cursor) => {
    const page = await chats.gateway.request(listChats, { limit: 2, cursor, status }, { actor: admin });
    return { cursor: page.nextCursor };
  };
const inputs: Record<CursorInputs<typeof chatContracts>, readonly Read[]> = {
  listChats: [list(), list('PENDING')],
  readChanges: [(cursor) => presence.request(readChanges, { limit: 2, cursor })],
};

it.each(Object.entries(inputs))(
  'answers any cursor of %s with a page or VALIDATION',
  async (_, reads) => {
    for (const read of reads) {
      const { cursor: first } = await read(undefined);
      const { cursor: second } = await read(first);
      expect([first, second]).toEqual([expect.stringMatching(/^\./), expect.stringMatching(/^\./)]);
      await fuzzCursors([first ?? '', second ?? ''], read);
    }
  },
  60_000,
);
