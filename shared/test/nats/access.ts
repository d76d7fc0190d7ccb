import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bus } from '@switchboard/shared/bus';
import { chatContracts } from '@switchboard/shared/contracts';
import { createLogger, natsAccess, processConfig, readConfig } from '@switchboard/shared/runtime';
import { silent, waitFor } from '@switchboard/infra/test';
import { expect, jest } from '@jest/globals';
import { z } from 'zod';
import type { NatsUser } from '../../../infra/dev/topology/names.ts';

type Environment = Record<string, string>;

/** A bus that connects as a program does with these variables. */
export const connectWith = (
  environment: Environment,
  user: NatsUser = 'gateway',
  logger = silent,
  signal?: AbortSignal,
) => Bus.connect({ ...natsAccess(readConfig(z.object(processConfig), environment)), user, logger, signal });

const { ping } = chatContracts;

/** Sends a request from the gateway to chat-service and back, each with its variables; then closes both. */
export async function roundTrip(of: (user: NatsUser) => Environment): Promise<unknown> {
  const service = await connectWith(of('chat-service'), 'chat-service');
  service.serve({ ping }, { ping: () => Promise.resolve({ ready: true as const }) });
  await service.flush();
  const gateway = await connectWith(of('gateway'));
  try {
    return await waitFor(() => gateway.request(ping, {}), { what: 'a reply' });
  } finally {
    await gateway.close();
    await service.close();
  }
}

/**
 * The first notice of a bus that waits for NATS: at its start, or once `end` has ended its connection. The
 * bus then gives up.
 */
export async function noticeOf(
  environment: Environment,
  end?: () => Promise<void>,
): Promise<{ fields: object; text: string }> {
  const logger = createLogger('test', 'silent');
  const warn = jest.spyOn(logger, 'warn');
  const ending = new AbortController();
  const connecting = connectWith(environment, 'gateway', logger, ending.signal);
  if (end) await connecting.then(end);
  const [fields, text] = await waitFor(() => warn.mock.calls.find((call) => call.length === 2), {
    what: 'a notice',
    timeoutMs: 15_000,
  });
  ending.abort();
  if (end) await connecting.then((bus) => bus.close());
  else await expect(connecting).rejects.toThrow();
  return z.object({ fields: z.looseObject({}), text: z.string() }).parse({ fields, text });
}

/** A folder for files of secrets. */
export async function secretFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-secrets-'));
  return {
    async write(name: string, text: string): Promise<string> {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    },
    remove: () => rm(folder, { recursive: true }),
  };
}
