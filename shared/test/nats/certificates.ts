import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const openssl = (folder: string, ...args: string[]) => promisify(execFile)('openssl', args, { cwd: folder });
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export interface Pair {
  /** Paths of PEM files. */
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** The path of its certificate. */
  readonly file: string;
  /** Issues a certificate for these names, such as `DNS:localhost,IP:127.0.0.1`. */
  issue(names: string, days?: number): Promise<Pair>;
  remove(): Promise<void>;
}

/** A private certificate authority, made by openssl. */
export async function makeAuthority(): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-ca-'));
  const [file, key] = [join(folder, 'ca.crt'), join(folder, 'ca.key')];
  const subject = ['-subj', '/CN=authority of a test'];
  await openssl(folder, 'req', '-x509', ...NEW_KEY, '-days', '2', ...subject, '-keyout', key, '-out', file);
  let issued = 0;
  return {
    file,
    async issue(names, days = 2) {
      issued += 1;
      const pair = {
        cert: join(folder, `${String(issued)}.crt`),
        key: join(folder, `${String(issued)}.key`),
      };
      const request = ['-subj', '/O=test', '-addext', `subjectAltName=${names}`];
      await openssl(folder, 'req', ...NEW_KEY, ...request, '-keyout', pair.key, '-out', 'request');
      // `openssl req -x509` refuses a certificate that has ended; `x509 -req` makes one.
      const signer = ['-CA', file, '-CAkey', key, '-CAcreateserial', '-copy_extensions', 'copy'];
      const ends = ['-days', String(days)];
      await openssl(folder, 'x509', '-req', '-in', 'request', ...signer, ...ends, '-out', pair.cert);
      return pair;
    },
    remove: () => rm(folder, { recursive: true }),
  };
}
