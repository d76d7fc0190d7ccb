import { join, resolve } from 'node:path';
import { readConfig } from '@switchboard/shared/runtime';
import { z } from 'zod';
import { LaunchError } from './processes/command.ts';
import type { Secrets } from './secrets.ts';
import { databases } from './topology/names.ts';
import { root } from './topology/paths.ts';

/** The path, seen from where the user is. npm changes the working directory; INIT_CWD is the original one. */
export const fromWorkingFolder = (env: NodeJS.ProcessEnv, path: string): string =>
  resolve(env['INIT_CWD'] ?? process.cwd(), path);

/** The data folder of the launcher. */
export function dataFolder(env: NodeJS.ProcessEnv = process.env): string {
  const given = env['DATA_DIR'];
  return given ? fromWorkingFolder(env, given) : join(root, '.data');
}

export function firstPort(env: NodeJS.ProcessEnv = process.env): number {
  const given = env['PORT'] ?? '';
  const text = given === '' ? '3000' : given;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new LaunchError(`PORT is "${text}". Set it to a number from 1 to 65535.`);
  return port;
}

/** The ports of this many gateways, from PORT on. */
export function gatewayPorts(env: NodeJS.ProcessEnv, gateways: number): number[] {
  const first = firstPort(env);
  if (first + gateways - 1 > 65_535)
    throw new LaunchError(`PORT is ${String(first)}, which leaves no port for gateway-${String(gateways)}.`);
  return Array.from({ length: gateways }, (_, index) => first + index);
}

/** Returns JWT_SECRET, or undefined. Rejects a short one before anything starts. */
export function givenJwtSecret(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const secret = env['JWT_SECRET'];
  if (!secret) return undefined;
  if (Buffer.byteLength(secret) >= 32) return secret;
  throw new LaunchError('JWT_SECRET is shorter than 32 bytes. Make one with: openssl rand -base64 32');
}

/** The key of the gateway's tokens. Undefined when an identity provider signs them. */
export const signingSecret = (env: NodeJS.ProcessEnv, secrets: Secrets): string | undefined =>
  givenJwtSecret(env) ?? (env['JWT_JWKS_URL'] ? undefined : secrets.jwtSecret);

/** The variables that the launcher reads itself, or for which it has a value of its own. */
const own = [
  'PORT',
  'JWT_SECRET',
  'JWT_JWKS_URL',
  'NATS_URL',
  'AMQP_URL',
  'FILE_URL_SECRET',
  'PUBLIC_URL',
  'WEBHOOK_KEY',
  ...Object.values(databases).map(({ variable }) => variable),
];

/**
 * The environment, with these variables from the files of `<NAME>_FILE`, and the paths of other such files
 * from the working folder of the user. Throws a ConfigError.
 */
export function withFiles(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const shape = Object.fromEntries(own.map((name) => [name, z.string().optional()]));
  const absolute = { ...env };
  for (const [name, path] of Object.entries(env))
    if (name.endsWith('_FILE') && path) absolute[name] = fromWorkingFolder(env, path);
  return { ...absolute, ...readConfig(z.object(shape), absolute) };
}
