import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Algorithms, encodeAccount, encodeOperator, encodeUser, fmtCreds } from '@nats-io/jwt';
import { nkeys } from '@nats-io/transport-node';
import { z } from 'zod';
import { startNats, type TestNats } from '@switchboard/infra/test';
import { natsConf } from '../../../infra/dev/topology/paths.ts';
import type { NatsUser } from '../../../infra/dev/topology/names.ts';
import type { Pair } from './certificates.ts';

export interface SecureNats {
  readonly nats: TestNats;
  /** `host:port`, without a scheme. */
  readonly host: string;
  /** Restarts it with another configuration. */
  restart(text: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a nats-server with this configuration, which is made from that of production. */
export async function startSecureNats(text: string): Promise<SecureNats> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-nats-'));
  const file = join(folder, 'nats.conf');
  await writeFile(file, text);
  const nats = await startNats({ args: ['-c', file] });
  return {
    nats,
    host: `127.0.0.1:${String(nats.port)}`,
    async restart(other) {
      await writeFile(file, other);
      await nats.restart();
    },
    async stop() {
      await nats.stop();
      await rm(folder, { recursive: true });
    },
  };
}

export const productionConf = (): Promise<string> => readFile(natsConf, 'utf8');

/** The users of production, each with another way to log in: `nkey: UABC…`. */
export const withLogins = (conf: string, loginOf: (user: string) => string): string =>
  conf.replace(/user: "(.+?)", password: \$\w+/g, (_, user: string) => loginOf(user));

export const withTls = (conf: string, { cert, key }: Pair, more = ''): string =>
  `${conf}\ntls { cert_file: "${cert}", key_file: "${key}", ${more} }\n`;

const withoutUsers = (conf: string): string => conf.slice(0, conf.indexOf('authorization {'));

export const withToken = (conf: string, token: string): string =>
  `${withoutUsers(conf)}\nauthorization { timeout: 2, token: "${token}" }\n`;

/** Without them an account may do nothing. */
const limits = { conn: -1, subs: -1, data: -1, payload: -1 };

/** A configuration with an operator, and the credentials that its account issues for users of production. */
export async function withOperator(conf: string) {
  const [operator, account] = [nkeys.createOperator(), nkeys.createAccount()];
  const accountJwt = await encodeAccount('switchboard', account, { limits }, { signer: operator });
  return {
    conf: `${withoutUsers(conf)}
operator: ${await encodeOperator('test', operator)}
resolver: MEMORY
resolver_preload: { ${account.getPublicKey()}: ${accountJwt} }
`,
    async credentials(user: NatsUser, ends?: Date): Promise<string> {
      const pair = nkeys.createUser();
      const exp = ends === undefined ? {} : { exp: Math.floor(ends.getTime() / 1_000) };
      const jwt = await encodeUser(user, pair, account, permissionsOf(conf, user), {
        algorithm: Algorithms.v2,
        ...exp,
      });
      return Buffer.from(fmtCreds(jwt, pair)).toString();
    },
  };
}

/** The permissions of nats-server.conf, as a user's JWT holds them. */
function permissionsOf(conf: string, user: NatsUser) {
  const block = conf.slice(conf.indexOf(`user: "${user}"`));
  const subjects = (name: string): string[] =>
    z.array(z.string()).parse(JSON.parse(new RegExp(`${name}: (\\[.*?\\])`).exec(block)?.[1] ?? ''));
  return {
    pub: { allow: subjects('publish') },
    sub: { allow: subjects('subscribe') },
    ...(user === 'gateway' ? {} : { resp: { max: 1_000, ttl: 10_000_000_000 } }),
  };
}
