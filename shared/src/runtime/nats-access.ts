import type { NatsAccess, NatsTls, Secret } from '../bus/access.ts';
import { textOf } from './config.ts';
import { isPair } from './nats-secrets.ts';

/** The part of a process's configuration that says how it reaches NATS. */
export interface NatsConfig {
  readonly NATS_URL: string;
  readonly NATS_TOKEN?: string | undefined;
  readonly NATS_TOKEN_FILE?: string | undefined;
  readonly NATS_NKEY_SEED?: string | undefined;
  readonly NATS_NKEY_SEED_FILE?: string | undefined;
  readonly NATS_CREDS?: string | undefined;
  readonly NATS_CREDS_FILE?: string | undefined;
  readonly NATS_TLS_CA?: string | undefined;
  readonly NATS_TLS_CA_FILE?: string | undefined;
  readonly NATS_TLS_CERT?: string | undefined;
  readonly NATS_TLS_CERT_FILE?: string | undefined;
  readonly NATS_TLS_KEY?: string | undefined;
  readonly NATS_TLS_KEY_FILE?: string | undefined;
  readonly NATS_TLS_HANDSHAKE_FIRST?: boolean | undefined;
}

/** How the process reaches NATS, for `Bus.connect`. */
export const natsAccess = (config: NatsConfig): NatsAccess => ({
  url: config.NATS_URL,
  token: secretOf(config.NATS_TOKEN, config.NATS_TOKEN_FILE),
  nkeySeed: secretOf(config.NATS_NKEY_SEED, config.NATS_NKEY_SEED_FILE),
  creds: secretOf(config.NATS_CREDS, config.NATS_CREDS_FILE),
  tls: tlsOf(config),
});

function tlsOf(config: NatsConfig): NatsTls | undefined {
  const tls = {
    ca: secretOf(config.NATS_TLS_CA, config.NATS_TLS_CA_FILE),
    cert: secretOf(config.NATS_TLS_CERT, config.NATS_TLS_CERT_FILE),
    key: secretOf(config.NATS_TLS_KEY, config.NATS_TLS_KEY_FILE),
    handshakeFirst: config.NATS_TLS_HANDSHAKE_FIRST,
  };
  return Object.values(tls).some((part) => part !== undefined && part !== false) ? tls : undefined;
}

const secretOf = (text: string | undefined, file: string | undefined): Secret | undefined =>
  text === undefined ? undefined : { text, file };

/** What contradicts what among the variables of NATS, each of which may be valid by itself. */
export function natsMistakes(environment: NodeJS.ProcessEnv): string[] {
  const isSet = (name: string) =>
    Boolean(environment[name] ?? '') || Boolean(environment[`${name}_FILE`] ?? '');
  return [...loginMistakes(environment, isSet), ...tlsMistakes(environment, isSet)];
}

type IsSet = (name: string) => boolean;

function loginMistakes(environment: NodeJS.ProcessEnv, isSet: IsSet): string[] {
  const logins = ['NATS_TOKEN', 'NATS_NKEY_SEED', 'NATS_CREDS'].filter(isSet);
  const [login] = logins;
  if (login === undefined) return [];
  const all = hasUser(textOf(environment, 'NATS_URL')) ? ['a user in NATS_URL', ...logins] : logins;
  return all.length === 1 ? [] : [`${login}: set only one of ${all.join(', ')}`];
}

const hasUser = (urls: string | undefined): boolean =>
  (urls ?? '').split(',').some((url) => URL.canParse(url) && new URL(url).username !== '');

function tlsMistakes(environment: NodeJS.ProcessEnv, isSet: IsSet): string[] {
  const [hasCertificate, hasKey] = [isSet('NATS_TLS_CERT'), isSet('NATS_TLS_KEY')];
  if (hasCertificate && !hasKey) return ['NATS_TLS_CERT: needs NATS_TLS_KEY too'];
  if (hasKey && !hasCertificate) return ['NATS_TLS_KEY: needs NATS_TLS_CERT too'];
  const certificate = textOf(environment, 'NATS_TLS_CERT');
  const key = textOf(environment, 'NATS_TLS_KEY');
  return certificate === undefined || key === undefined || isPair(certificate, key)
    ? []
    : ['NATS_TLS_KEY: is not the key of NATS_TLS_CERT'];
}
