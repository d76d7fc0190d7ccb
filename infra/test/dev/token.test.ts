import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import jwt from 'jsonwebtoken';
import { banner } from '../../dev/banner.ts';
import { mintToken } from '../../dev/jwt.ts';
import { newSecret } from '../../dev/passwords.ts';
import { plainEnvironment } from '../../dev/processes/command.ts';
import { readOrMakeSecrets } from '../../dev/secrets.ts';
import { noteSigner } from '../../dev/signing.ts';
import { parseSubject } from '../../dev/token-options.ts';
import { root } from '../../dev/topology/paths.ts';

describe('a token', () => {
  it('carries the claims that the gateway needs, and expires', () => {
    const secret = newSecret();
    const subject = parseSubject({ id: '7', role: 'admin', email: 'a@b.c', 'expires-in': '2h' });
    const claims = jwt.verify(mintToken(secret, subject), secret, { algorithms: ['HS256'] });
    expect(claims).toMatchObject({ sub: '7', role: 'admin', email: 'a@b.c' });
    if (typeof claims === 'string') throw new Error('no claims');
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(7_200);
  });

  it('names another system for the role service', () => {
    const secret = newSecret();
    expect(jwt.verify(mintToken(secret, parseSubject({ id: 'crm', role: 'service' })), secret)).toMatchObject(
      { sub: 'crm', role: 'service', jti: expect.any(String) },
    );
  });

  it.each([
    [{ id: '0' }, '--id'],
    [{ id: 'seven' }, '--id'],
    [{}, '--id'],
    [{ id: '7', role: 'root' }, '--role'],
    [{ id: '7', 'expires-in': 'soon' }, '--expires-in'],
    [{ id: '7', 'expires-in': '32d' }, '--expires-in'],
    [{ id: 'no name', role: 'service' }, '--id'],
  ])('is refused for %j', (values, option) => {
    expect(() => parseSubject(values)).toThrow(option);
  });
});

describe('npm run token', () => {
  let folder: string;
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'switchboard-token-')), "it's a folder");
    mkdirSync(folder);
  });
  afterEach(() => {
    rmSync(join(folder, '..'), { recursive: true });
  });

  /** As a shell runs the line; without npm, which would install first. */
  const run = async (line: string, env: Record<string, string> = {}): Promise<string> => {
    const command = line.replace('npm run token --', `'${process.execPath}' infra/dev/token.ts`);
    const { stdout } = await promisify(execFile)('sh', ['-c', command], {
      cwd: root,
      env: { ...plainEnvironment(), ...env },
    });
    return stdout.trim();
  };
  const line = 'npm run token -- --id 7 --role admin';

  it('works as the banner prints it, when DATA_DIR named the folder', async () => {
    const { jwtSecret } = readOrMakeSecrets(folder);
    const started = [{ name: 'gateway', url: 'http://127.0.0.1:3000' }];
    const printed = banner({ started, folder, isFolderGiven: true, jwtSecret, tracesPort: undefined });
    const [, hint = ''] = /^More tokens: (.*)$/m.exec(printed) ?? [];
    expect(jwt.verify(await run(hint), jwtSecret)).toMatchObject({ sub: '7', email: 'a@b.c' });
  });

  it.each(['JWT_SECRET', 'JWT_JWKS_URL'] as const)(
    'signs with no key that the start with %s refuses, until a start without it',
    async (by) => {
      const { jwtSecret } = readOrMakeSecrets(folder);
      const env = { DATA_DIR: folder };
      noteSigner(folder, by);
      await expect(run(line, env)).rejects.toThrow(
        `npm start ran last with ${by === 'JWT_SECRET' ? 'a ' : ''}${by}`,
      );
      const given = newSecret();
      expect(jwt.verify(await run(line, { ...env, JWT_SECRET: given }), given)).toMatchObject({ sub: '7' });
      const file = join(folder, 'key');
      writeFileSync(file, `${given}\n`);
      expect(jwt.verify(await run(line, { ...env, JWT_SECRET_FILE: file }), given)).toMatchObject({
        sub: '7',
      });
      noteSigner(folder, 'secrets.json');
      expect(jwt.verify(await run(line, env), jwtSecret)).toMatchObject({ sub: '7' });
    },
  );
});
