import { join, resolve } from 'node:path';
import { LaunchError } from './command.ts';
import { root } from './paths.ts';

/** Where the launcher keeps everything. npm changes the folder; INIT_CWD is where the person stood. */
export function dataFolder(env: NodeJS.ProcessEnv = process.env): string {
  const given = env['DATA_DIR'];
  return given ? resolve(env['INIT_CWD'] ?? process.cwd(), given) : join(root, '.data');
}

export function firstPort(env: NodeJS.ProcessEnv = process.env): number {
  const given = env['PORT'] ?? '';
  const text = given === '' ? '3000' : given;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new LaunchError(`PORT is "${text}", which is no port.`);
  return port;
}

/** Given by the environment, or undefined; a short one is refused here, before anything is started with it. */
export function givenJwtSecret(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const secret = env['JWT_SECRET'];
  if (!secret) return undefined;
  if (Buffer.byteLength(secret) >= 32) return secret;
  throw new LaunchError('JWT_SECRET is shorter than 32 bytes. Make one with: openssl rand -base64 32');
}
