import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Tls } from './receiver.ts';

/** A certificate for localhost that no authority signed, as a file and for a server. */
export async function makeCertificate(): Promise<{ file: string; tls: Tls; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-otlp-'));
  const [file, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const request = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost';
  await promisify(execFile)('openssl', [
    'req',
    ...request.split(' '),
    ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', file],
  ]);
  return {
    file,
    tls: { key: await readFile(key), cert: await readFile(file) },
    remove: () => rm(folder, { recursive: true }),
  };
}
