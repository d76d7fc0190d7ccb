import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { reasonOf } from '../addresses.ts';
import { serversOf, tlsOptionsOf, type NatsAccess, type Secret } from './access.ts';

const WITHIN_MS = 2_000;
/** How long a refusal of the client's certificate may follow the handshake: TLS 1.3 sends it afterwards. */
const REFUSAL_WITHIN_MS = 500;
const DEFAULT_PORT = 4_222;

/**
 * Why a TLS connection to a server fails, in the words of OpenSSL. Undefined when none fails, when a server
 * stays silent, and without TLS. The client library reports neither a refused client certificate nor why a
 * reconnection fails.
 */
export async function tlsRefusalOf(access: NatsAccess): Promise<string | undefined> {
  if (tlsOptionsOf(access) === undefined) return undefined;
  for (const server of serversOf(access)) {
    const refusal = await tryServer(server, access);
    if (refusal !== undefined) return `${server.host}: ${refusal}`;
  }
  return undefined;
}

async function tryServer(server: URL, access: NatsAccess): Promise<string | undefined> {
  const host = server.hostname.replace(/^\[|\]$/g, '');
  const tcp = connectTcp({ host, port: Number(server.port || DEFAULT_PORT), timeout: WITHIN_MS });
  tcp.on('error', () => undefined);
  try {
    if (access.tls?.handshakeFirst === true || (await offersTls(tcp))) await handshake(tcp, host, access);
    return undefined;
  } catch (error) {
    return isSilence(error) ? undefined : wordsOf(error);
  } finally {
    tcp.destroy();
  }
}

/** A NATS server greets in plain text, and TLS follows. The library reports a server without TLS itself. */
async function offersTls(tcp: Socket): Promise<boolean> {
  const data = await once(tcp, 'data', { signal: AbortSignal.timeout(WITHIN_MS) });
  return /"tls_(required|available)": ?true/.test(data.join());
}

async function handshake(tcp: Socket, host: string, access: NatsAccess): Promise<void> {
  const { ca, cert, key } = access.tls ?? {};
  const socket = connectTls({
    socket: tcp,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ca: await textOf(ca),
    cert: await textOf(cert),
    key: await textOf(key),
    checkServerIdentity: tlsOptionsOf(access)?.checkServerIdentity,
  });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect', { signal: AbortSignal.timeout(WITHIN_MS) });
  // `once` rejects on an error. The end of the wait is no refusal.
  const refusal = once(socket, 'close', { signal: AbortSignal.timeout(REFUSAL_WITHIN_MS) });
  await refusal.catch((error: unknown) => {
    if (!isSilence(error)) throw error;
  });
}

/** Of `once` with a timeout. */
const isSilence = (error: unknown): boolean => Error.isError(error) && error.name === 'AbortError';

const textOf = async (secret: Secret | undefined): Promise<string | undefined> =>
  secret?.file === undefined ? secret?.text : readFile(secret.file, 'utf8');

/** An error of OpenSSL has its words apart from its place in the sources. */
const wordsOf = (error: unknown): string =>
  Error.isError(error) && 'reason' in error && typeof error.reason === 'string' && 'library' in error
    ? error.reason
    : reasonOf(error);
