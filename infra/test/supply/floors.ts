export interface Floor {
  name: string;
  /** The lowest version accepted, of every copy in the tree. */
  lowest: string;
  because: string;
}

/**
 * The packages that parse or verify untrusted input, each with the lowest version known to be safe.
 */
export const floors: readonly Floor[] = [
  {
    name: 'socket.io-parser',
    lowest: '4.2.7',
    because: 'a crafted packet uses up the memory (CVE-2026-69185, before it CVE-2026-33151)',
  },
  {
    name: 'engine.io',
    lowest: '6.6.9',
    because:
      'polling uses up the connections, a WebTransport id denies service (GHSA-r635-g3xr-vw7x, GHSA-gr94-w7qr-f4j3)',
  },
  {
    name: 'ws',
    lowest: '8.21.1',
    because:
      'tiny fragments use up the memory (CVE-2026-48779), with the limits that 8.21.0 set, too (CVE-2026-62389)',
  },
  {
    name: 'socket.io',
    lowest: '4.8.4',
    because: 'up to 4.7 it holds engine.io, and ws with it, on a line that is not mended',
  },
  {
    name: 'multer',
    lowest: '2.5.0',
    because:
      'multipart bodies that exhaust the process or get round a limit (CVE-2026-5079, CVE-2026-77063 and others, below 2.3.0); none older was tried here',
  },
  {
    name: 'express',
    lowest: '5.0.0',
    because: 'a handler that rejects is answered for, where 4 leaves the request hanging',
  },
  {
    name: 'body-parser',
    lowest: '2.3.0',
    because: 'a limit that cannot be read is no limit (CVE-2026-12590)',
  },
  {
    name: 'qs',
    lowest: '6.16.0',
    because: 'arrays longer than their limit (CVE-2026-82562, before it CVE-2026-2391 and CVE-2025-15284)',
  },
  {
    name: 'jsonwebtoken',
    lowest: '9.0.3',
    because: 'older ones are content with a jws that takes signatures it should not',
  },
  { name: 'jws', lowest: '4.0.1', because: 'an HMAC signature is taken without a secret (CVE-2025-65945)' },
  {
    name: '@opentelemetry/core',
    lowest: '2.8.0',
    because: 'a baggage header of any length is taken apart (CVE-2026-54285)',
  },
  {
    name: '@opentelemetry/exporter-prometheus',
    lowest: '0.217.0',
    because: 'one malformed request ends the process (CVE-2026-44902)',
  },
];
