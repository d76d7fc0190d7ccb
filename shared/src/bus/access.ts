import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { TlsOptions } from '@nats-io/transport-node';

/**
 * A secret text. With `file`, the connection reads it again before every attempt, so that a renewed secret
 * needs no restart.
 */
export interface Secret {
  readonly text: string;
  readonly file?: string | undefined;
}

/** Where NATS is, and how a process and the server prove to each other who they are. */
export interface NatsAccess {
  /** `nats://user:password@host:port`, several servers separated by commas. `tls://` requires TLS. */
  readonly url: string;
  /** At most one of these three, and none of them beside a user in `url`. */
  readonly token?: Secret | undefined;
  /** The seed of a user's nkey: `SU…`. */
  readonly nkeySeed?: Secret | undefined;
  /** The content of a `.creds` file: a user's JWT and seed. */
  readonly creds?: Secret | undefined;
  /** Requires TLS, also of `nats://` servers. */
  readonly tls?: NatsTls | undefined;
}

export interface NatsTls {
  /** PEM. The only authorities that are trusted; without it the public ones and NODE_EXTRA_CA_CERTS. */
  readonly ca?: Secret | undefined;
  /** PEM, for mutual TLS: the process's own certificate and key. */
  readonly cert?: Secret | undefined;
  readonly key?: Secret | undefined;
  /** For servers with `handshake_first`. */
  readonly handshakeFirst?: boolean | undefined;
}

export const serversOf = ({ url }: NatsAccess): URL[] => url.split(',').map((server) => new URL(server));

/** How the client library connects with TLS. Undefined: only if the server requires it. */
export function tlsOptionsOf(access: NatsAccess): (TlsOptions & IdentityCheck) | undefined {
  const servers = serversOf(access);
  if (access.tls === undefined && !servers.some(({ protocol }) => protocol === 'tls:')) return undefined;
  const { ca, cert, key, handshakeFirst = false } = access.tls ?? {};
  return {
    handshakeFirst,
    // The library reads files before each attempt.
    ...(ca && (ca.file === undefined ? { ca: ca.text } : { caFile: ca.file })),
    ...(cert && (cert.file === undefined ? { cert: cert.text } : { certFile: cert.file })),
    ...(key && (key.file === undefined ? { key: key.text } : { keyFile: key.file })),
    checkServerIdentity: identityCheck(servers.map(({ hostname }) => hostname.replace(/^\[|\]$/g, ''))),
  };
}

interface IdentityCheck {
  readonly checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined;
}

/**
 * The library names no host to Node for a server that is an IP address, and Node then checks the certificate
 * for `localhost`: it would accept a wrong certificate and refuse the right one.
 */
const identityCheck =
  (hosts: readonly string[]): IdentityCheck['checkServerIdentity'] =>
  (host, certificate) => {
    const addresses = hosts.filter((name) => isIP(name) !== 0);
    const names = host === 'localhost' && addresses.length > 0 ? addresses : [host];
    if (host === 'localhost' && hosts.includes('localhost')) names.push(host);
    const refusals = names.map((name) => checkServerIdentity(name, certificate));
    return refusals.includes(undefined) ? undefined : refusals[0];
  };
