import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from '../../dev/topology/paths.ts';
import { readReport } from './report.mjs';

const report = (vulnerabilities: object): string =>
  JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: {} });

const qs = {
  qs: {
    name: 'qs',
    severity: 'moderate',
    isDirect: false,
    effects: ['express'],
    range: '<6.16.0',
    nodes: ['node_modules/qs'],
    fixAvailable: true,
    via: [
      {
        source: 2,
        name: 'qs',
        dependency: 'qs',
        title: 'Longer than its limit',
        url: 'https://example.org/2',
        severity: 'moderate',
        range: '<6.16.0',
      },
    ],
  },
};
const clean = report({});
const moderate = report(qs);
const vulnerable = report({
  ...qs,
  ws: {
    name: 'ws',
    severity: 'high',
    isDirect: true,
    effects: ['engine.io'],
    range: '8.0.0 - 8.20.1',
    nodes: ['node_modules/old/node_modules/ws', 'node_modules/ws'],
    fixAvailable: true,
    via: [
      {
        source: 1,
        name: 'ws',
        dependency: 'ws',
        title: 'Tiny fragments',
        url: 'https://example.org/1',
        severity: 'high',
        cwe: ['CWE-770'],
        range: '>=8.0.0 <8.21.0',
      },
    ],
  },
  'engine.io': {
    name: 'engine.io',
    severity: 'critical',
    isDirect: false,
    via: ['ws'],
    effects: [],
    range: '*',
    nodes: ['node_modules/engine.io'],
    fixAvailable: false,
  },
});
const serious = [
  'ws, high, in node_modules/old/node_modules/ws and node_modules/ws: Tiny fragments (https://example.org/1)',
  'engine.io, critical, in node_modules/engine.io: through ws',
];

const error = { summary: '', detail: '' };
const notOffered = JSON.stringify({
  message: '405 Method Not Allowed - POST https://example.org/bulk',
  method: 'POST',
  uri: 'https://example.org/bulk',
  statusCode: 405,
  body: '',
  error,
});
const unreachable = JSON.stringify({
  message:
    'request to https://user:secret@example.org/bulk failed, reason: getaddrinfo ENOTFOUND example.org',
  error,
});
const noLockfile = JSON.stringify({
  error: { code: 'ENOLOCK', summary: 'This command requires an existing lockfile.', detail: '' },
});

describe('the report', () => {
  it('finds nothing where nothing is, or nothing serious', () => {
    expect(readReport(clean)).toEqual({ serious: [] });
    expect(readReport(moderate)).toEqual({ serious: [] });
  });

  it('finds what is high or critical, with its cause', () => {
    expect(readReport(vulnerable)).toEqual({ serious });
  });

  it.each([
    ['the registry answers it with 405', notOffered],
    ['request to the registry failed, reason: getaddrinfo ENOTFOUND example.org', unreachable],
    ['This command requires an existing lockfile.', noLockfile],
    ['npm printed no report', '{"auditReportVersion":3,"vulnerabilities":{}}'],
    ['npm printed no report', '{"auditReportVersion":2}'],
    ['npm printed no report', '<html>'],
    ['npm printed no report', 'null'],
    ['npm printed no report', ''],
  ])('is left out: %s', (leftOut, text) => {
    expect(readReport(text)).toEqual({ serious: [], leftOut });
  });
});

describe('the audit', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'switchboard-audit-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  function auditOn(path: string, ...args: string[]) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, 'infra/test/supply/audit.mjs'), ...args],
      { env: { ...process.env, PATH: path }, encoding: 'utf8' },
    );
    return { status, stdout, stderr };
  }

  /** Runs it with an npm that does this instead. */
  async function audit(script: string, ...args: string[]) {
    await writeFile(join(folder, 'npm'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return auditOn([folder, process.env['PATH']].join(delimiter), ...args);
  }

  async function auditAnswered(answer: string, code: number) {
    await writeFile(join(folder, 'answer'), answer);
    return audit(`echo "$@" > '${folder}/asked'\ncat '${folder}/answer'\nexit ${code}`);
  }

  it('passes where nothing serious is found', async () => {
    const passed = { status: 0, stdout: 'npm audit: nothing high or critical in production.\n', stderr: '' };
    expect(await auditAnswered(clean, 0)).toEqual(passed);
    // Then npm itself would fail.
    expect(await auditAnswered(moderate, 1)).toEqual(passed);
  });

  it('fails on what is serious, and lists it', async () => {
    expect(await auditAnswered(vulnerable, 1)).toEqual({
      status: 1,
      stdout: '',
      stderr: `npm audit: high or critical, in production:\n  ${serious.join('\n  ')}\n`,
    });
  });

  it('asks about production, and really asks', async () => {
    await auditAnswered(clean, 0);
    expect(await readFile(join(folder, 'asked'), 'utf8')).toBe('audit --json --omit=dev --offline=false\n');
  });

  it('passes, and says why, where the registry does not offer it', async () => {
    expect(await auditAnswered(notOffered, 1)).toEqual({
      status: 0,
      stdout: 'npm audit was left out: the registry answers it with 405.\n',
      stderr: '',
    });
  });

  it('passes, and says why, where no answer comes', async () => {
    expect(await audit('exec sleep 60', '300')).toEqual({
      status: 0,
      stdout: 'npm audit was left out: there was no answer within 0.3 s.\n',
      stderr: '',
    });
  });

  it('passes, and says why, where npm does not run', () => {
    const left = 'npm audit was left out: npm did not run (spawnSync npm ENOENT).\n';
    expect(auditOn(folder)).toEqual({ status: 0, stdout: left, stderr: '' });
  });
});
