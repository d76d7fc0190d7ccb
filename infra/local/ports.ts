import { createServer } from 'node:net';

/** Whether somebody could listen there now. Both families: `localhost` may mean either. */
export async function isFree(port: number): Promise<boolean> {
  for (const host of ['127.0.0.1', undefined]) if ((await tryListen(port, host)) === undefined) return false;
  return true;
}

/** A port that nobody listens on. Somebody may take it before it is used: retry then. */
export async function freePort(): Promise<number> {
  const port = await tryListen(0, '127.0.0.1');
  if (port === undefined) throw new Error('no free port on 127.0.0.1');
  return port;
}

/** The port used before where it is free again, so that addresses survive a restart of the launcher. */
export async function keepOrChoose(previous: number | undefined): Promise<number> {
  return previous !== undefined && (await isFree(previous)) ? previous : freePort();
}

function tryListen(port: number, host: string | undefined): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : undefined);
      });
    });
  });
}
