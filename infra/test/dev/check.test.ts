import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkSettings } from '../../dev/check.ts';
import { parseOptions } from '../../dev/options.ts';
import { LaunchError } from '../../dev/processes/command.ts';
import { readOrMakeSecrets } from '../../dev/secrets.ts';
import { runLauncher } from './run-launcher.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'switchboard-check-'));
});
afterEach(() => {
  rmSync(parent, { recursive: true });
});
const folder = (): string => join(parent, 'data');

/** The lines of the list of mistakes. */
function linesOf(output: string): string[] {
  const [first, ...lines] = output.trim().split('\n');
  expect([first, lines.pop()]).toEqual([
    'The configuration is invalid; nothing was started:',
    'See infra/docs/configuration.md.',
  ]);
  return lines.map((line) => line.trim());
}

async function mistakes(env: Record<string, string>, args: string[] = []): Promise<string[]> {
  const all = { DATA_DIR: folder(), PORT: '14000', ...env };
  const refusal = await checkSettings(all, parseOptions(args, all).replicas).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(LaunchError);
  return linesOf(refusal instanceof LaunchError ? refusal.message : '');
}

const isRoot = process.getuid?.() === 0;

describe('an invalid configuration', () => {
  it('is listed as a whole, for all programs, without secrets, before anything is written', async () => {
    writeFileSync(join(parent, 'file'), '');
    const env = {
      DATA_DIR: folder(),
      PORT: 'x',
      MAX_IN_FLIGHT: 'abc',
      RATE_LIMIT_EVENTS: '-1',
      MAX_FILE_BYTES: '25MB',
      TRUSTED_PROXY_HOPS: ' ',
      LOG_LEVEL: 'verbose',
      ALLOWED_ORIGINS: 'localhost:5005',
      PUBLIC_URL: 'notaurl',
      INTERNAL_URL: 'ftp://host',
      NATS_URL: 'hello geheim',
      JWT_SECRET: 'geheim',
      FILES_DIR: join(parent, 'file/files'),
      CHAT_DATABASE_URL: 'postgres://user:ge#heim@host/db',
      MESSAGE_DATABASE_URL: 'geheim',
      AMQP_URL: 'amqp://user:ge#heim@host',
      WEBHOOK_KEY: 'geheim',
      WEBHOOK_ALLOW_PRIVATE: 'yes',
      PRESENCE_DATABASE_URL_FILE: '/nowhere',
      OTEL_TRACES_EXPORTER: 'geheim',
    };
    const { code, output } = await runLauncher({ env });
    expect(code).toBe(1);
    const found = linesOf(output);
    const named = found.map((line) => /^\w+/.exec(line)?.[0]);
    expect(named.sort()).toEqual(
      [
        ...['ALLOWED_ORIGINS', 'AMQP_URL', 'CHAT_DATABASE_URL', 'FILES_DIR', 'INTERNAL_URL', 'JWT_SECRET'],
        ...['LOG_LEVEL', 'MAX_FILE_BYTES', 'MAX_IN_FLIGHT', 'MESSAGE_DATABASE_URL', 'NATS_URL'],
        ...['OTEL_TRACES_EXPORTER', 'PORT', 'PRESENCE_DATABASE_URL_FILE', 'PUBLIC_URL', 'RATE_LIMIT_EVENTS'],
        ...['TRUSTED_PROXY_HOPS', 'WEBHOOK_ALLOW_PRIVATE', 'WEBHOOK_KEY'],
      ].sort(),
    );
    expect(found.join('\n')).not.toMatch(/geheim|heim@|received|NaN/);
    expect(existsSync(folder())).toBe(false);
  });

  it.each<[Record<string, string>, string]>([
    [{ MAX_IN_FLIGHT: '1000' }, 'MAX_IN_FLIGHT: must be a whole number from 1 to 100'],
    [{ NATS_SERVER: '/nowhere' }, 'NATS_SERVER: /nowhere is not an executable file'],
    [{ JWT_JWKS_URL: 'keys' }, 'JWT_JWKS_URL: must be a URL that begins with http:// or https://'],
    [{ PORT: '65535' }, 'PORT is 65535, which leaves no port for gateway-2.'],
    [
      { NATS_TOKEN_FILE: '/secret' },
      "NATS_TOKEN_FILE: needs NATS_URL; npm start's own server makes its users itself",
    ],
    [
      { NATS_URL: 'nats://u:p@host', NATS_TOKEN: 'geheim' },
      'NATS_TOKEN: set only one of a user in NATS_URL, NATS_TOKEN',
    ],
    [
      { NATS_URL: 'nats://user:ge#heim@host' },
      'NATS_URL: is not a URL. Write special characters of the password as percent codes, such as %23 for #',
    ],
  ])('is refused: %j', async (env, line) => {
    expect(await mistakes(env, ['--replicas', 'gateway=2'])).toEqual([line]);
  });

  it('is that of the chosen programs only', async () => {
    expect(
      await mistakes({ MAX_IN_FLIGHT: 'x', CHAT_DATABASE_URL: 'x' }, ['--only', 'chat-service']),
    ).toEqual(['CHAT_DATABASE_URL: must begin with postgres://']);
  });

  (isRoot ? it : it.skip)('names the right that a port below 1024 needs', async () => {
    const wrapper = ['setpriv', '--bounding-set=-net_bind_service', '--inh-caps=-all'];
    const { code, output } = await runLauncher({ env: { DATA_DIR: folder(), PORT: '81' }, wrapper });
    expect(code).toBe(1);
    expect(output).toContain('PORT: 81 needs the right to listen below 1024. Choose a higher one (PORT=8081');
    expect(existsSync(folder())).toBe(false);
  });
});

describe('a data folder', () => {
  it.each([
    ['that is a file', 'file', 'file is not a folder'],
    ['below a file', 'file/data', 'file is not a folder'],
    ...(isRoot ? [] : [['without the right to write', 'locked/data', 'does not permit this user to write']]),
  ])('%s is refused in one line that names variable, path and cause', async (_, path, cause) => {
    writeFileSync(join(parent, 'file'), '');
    mkdirSync(join(parent, 'locked'), { mode: 0o500 });
    const [line, ...others] = await mistakes({ DATA_DIR: join(parent, path) });
    expect(line).toContain(`DATA_DIR: ${join(parent, path)} cannot be used: `);
    expect(line).toContain(cause);
    expect(others).toEqual([]);
  });

  (process.platform === 'linux' ? it : it.skip)('that the system refuses to make is refused', async () => {
    const { code, output } = await runLauncher({ env: { DATA_DIR: '/proc/switchboard' } });
    expect(code).toBe(1);
    expect(output.trim()).toMatch(/^.*DATA_DIR: \/proc\/switchboard cannot be used: .*$/m);
    expect(output).not.toContain('    at ');
  });

  it('with damaged secrets is refused', async () => {
    mkdirSync(folder());
    writeFileSync(join(folder(), 'secrets.json'), '{');
    expect(await mistakes({})).toEqual([expect.stringMatching(/^DATA_DIR: .*secrets\.json is damaged/)]);
  });

  (isRoot ? it : it.skip)('of another user stays unchanged', async () => {
    mkdirSync(folder());
    readOrMakeSecrets(folder());
    const file = join(folder(), 'secrets.json');
    chownSync(file, 1234, 1234);
    chmodSync(file, 0o600);
    expect(await mistakes({})).toEqual([
      `DATA_DIR: ${folder()} cannot be used: ${file} belongs to another user (uid 1234). Start as the user who made the folder, or choose another DATA_DIR`,
    ]);
    expect([statSync(file).uid, readdirSync(folder())]).toEqual([1234, ['secrets.json']]);
  });
});
