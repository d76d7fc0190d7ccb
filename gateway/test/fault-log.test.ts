import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Failure } from '@switchboard/shared/errors';
import { newTrace } from '@switchboard/shared/telemetry';
import { pino } from 'pino';
import { z } from 'zod';
import { FaultLog } from '../src/fault-log.ts';
import type { Client } from './client.ts';
import { owner, tokenOf } from './given.ts';
import { startGateway, type TestGateway } from './gateway.ts';

const WARN = 40;
const Line = z.looseObject({ level: z.number() });

let lines: z.output<typeof Line>[] = [];
const logger = pino(
  {},
  {
    write: (line: string) => {
      lines.push(Line.parse(JSON.parse(line)));
    },
  },
);
const warnings = () => lines.filter(({ level }) => level === WARN);
beforeEach(() => {
  lines = [];
});

describe('the log of the gateway', () => {
  let gateway: TestGateway;
  let client: Client;
  beforeAll(async () => {
    gateway = await startGateway({}, logger);
    client = await gateway.connect();
  });
  afterAll(() => gateway.stop());

  it.each(['TIMEOUT', 'UNAVAILABLE', 'BUSY', 'INTERNAL'] as const)(
    'holds an event that failed with %s, with its trace',
    async (code) => {
      gateway.stubs.getChat = () => Promise.reject(new Failure(code));
      gateway.stubs.sendMessage = () => Promise.reject(new Failure(code));
      const { id: chatId } = gateway.stubs.newChat();
      const { traceId } = await client.request('sendMessage', { chatId, message: { text: 'x' } });
      expect(warnings()).toEqual([
        expect.objectContaining({
          msg: 'events: an event failed',
          event: 'sendMessage',
          code,
          trace_id: traceId,
        }),
      ]);
    },
  );

  it('holds an HTTP request that failed, with its trace', async () => {
    gateway.stubs.getChat = () => Promise.reject(new Failure('TIMEOUT'));
    const { id } = gateway.stubs.newChat();
    const response = await fetch(`${gateway.url}/api/v1/chats/${id}`, {
      headers: { authorization: `Bearer ${tokenOf(owner)}` },
    });
    expect(response.status).toBe(504);
    expect(warnings()).toEqual([
      expect.objectContaining({
        msg: 'http: a request failed',
        method: 'GET',
        code: 'TIMEOUT',
        trace_id: response.headers.get('trace-id'),
      }),
    ]);
  });

  it("holds no client's mistakes", async () => {
    await client.request('sendMessage', {});
    await client.request('unheard of', {});
    await fetch(`${gateway.url}/api/v1/nowhere`);
    expect(lines).toEqual([]);
  });
});

it('limits the lines of a code, and counts the others', () => {
  const faults = new FaultLog(logger);
  const log = () => {
    faults.log('events: an event failed', new Failure('UNAVAILABLE'), newTrace(), { event: 'joinChat' });
  };
  for (let n = 0; n < 100; n++) log();
  const most = warnings().length;
  expect(most).toBeLessThan(30);
  faults.log('events: an event failed', new Failure('TIMEOUT'), newTrace(), { event: 'joinChat' });
  expect(warnings().at(-1)).toMatchObject({ code: 'TIMEOUT', suppressed: 100 - most });
});
