import { createServer, type Server } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, type TestSystem } from '../helpers/index.ts';
import { aClient, Clients, openChat } from './client.ts';

const owner = aClient();

describe('with a collector that accepts everything and never replies', () => {
  let hole: Server;
  let system: TestSystem;
  beforeAll(async () => {
    hole = createServer(() => undefined);
    await new Promise<void>((resolve) => {
      hole.listen(0, '127.0.0.1', resolve);
    });
    const address = hole.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    system = await startSystem({
      keep: true,
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_TRACES_SAMPLER_ARG: '1',
        OTEL_BSP_SCHEDULE_DELAY: '50',
      },
    });
  }, 90_000);
  afterAll(async () => {
    await system.stop();
    hole.close();
  }, 60_000);

  it('requests are not affected, and all processes stop in time', async () => {
    const clients = new Clients(system);
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    for (let n = 0; n < 100; n++)
      expect((await client.request('sendMessage', { chatId, message: { text: `${n}` } })).event).toBe(
        'messageSent',
      );
    clients.closeAll();
    const startedAt = performance.now();
    await system.stop();
    expect(performance.now() - startedAt).toBeLessThan(12_000);
    const complaints = readFileSync(join(system.dataDir, 'output.log'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('telemetry: sending failed'));
    expect(complaints.length).toBeLessThanOrEqual(4);
  }, 60_000);
});
