/** `npm run bench -- telemetry`: what telemetry costs, as ratios of one run. Rounds alternate, so that all meet the same weather. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../testing/index.ts';
import { Switchboard } from './contenders/switchboard.ts';
import { cpuOf, cpuSince, total } from './cpu.ts';
import { Load } from './load/load.ts';
import { median } from './statistics.ts';

const ROUNDS = 5;
const SOCKETS = 16;
const WARM_UP_MS = 3_000;
const MEASURED_MS = 8_000;

const DISCARD = `require('node:http').createServer((request, response) => { request.resume().on('end', () => response.end('{}')); }).listen(Number(process.argv[1]), '127.0.0.1', () => console.log('listening'))`;

interface Round {
  perSecond: number;
  cpuMicros: number;
}

const collectorPort = await freePort();
const collector = spawn(process.execPath, ['-e', DISCARD, String(collectorPort)], { stdio: ['ignore', 'pipe', 'inherit'] });
await once(collector.stdout, 'data');

const collected = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${String(collectorPort)}` };
const modes: Record<string, Record<string, string>> = {
  'off': {},
  'metrics alone': { ...collected, OTEL_TRACES_EXPORTER: 'none' },
  'as it is set: metrics, what fails or is slow, ten traces a second': collected,
  'one trace in twenty': { ...collected, OTEL_TRACES_SAMPLER_ARG: '0.05' },
  'every trace': { ...collected, OTEL_TRACES_SAMPLER_ARG: '1' },
};

const rounds = new Map<string, Round[]>(Object.keys(modes).map((name) => [name, []]));
for (let round = 1; round <= ROUNDS; round++) {
  for (const [name, env] of Object.entries(modes)) {
    console.log(`round ${String(round)} of ${String(ROUNDS)}: ${name} …`);
    rounds.get(name)?.push(await measure(env));
  }
}
collector.kill();

const off = rounds.get('off') ?? [];
console.log(`\n${String(SOCKETS)} sockets, each in a chat of its own; medians of ${String(ROUNDS)} rounds of ${String(MEASURED_MS / 1_000)} s\n`);
console.log('| telemetry | messages a second | of those without | CPU a message, all services |\n| --- | --- | --- | --- |');
for (const [name, of] of rounds) {
  const ratio = median(of.map(({ perSecond }, index) => perSecond / (off[index]?.perSecond ?? Number.NaN)));
  console.log(`| ${name} | ${median(of.map(({ perSecond }) => perSecond)).toFixed(0)} | ${(ratio * 100).toFixed(1)} % | ${median(of.map(({ cpuMicros }) => cpuMicros)).toFixed(0)} µs |`);
}

async function measure(env: Record<string, string>): Promise<Round> {
  const system = await Switchboard.start({ env });
  const load = new Load();
  try {
    const ours = new Map([...system.processes].filter(([name]) => name !== 'nats' && name !== 'postgres'));
    await load.join((await system.openChats(SOCKETS, 1)).flat());
    await load.send({ kind: 'closed', inFlight: 8 });
    await load.measure(WARM_UP_MS);
    const before = cpuOf(ours);
    const { acknowledged, elapsedMs } = await load.measure(MEASURED_MS);
    const cpu = total(cpuSince(ours, before));
    await load.rest();
    return { perSecond: (acknowledged * 1_000) / elapsedMs, cpuMicros: (cpu * 1_000) / acknowledged };
  } finally {
    await load.close();
    await system.stop();
  }
}
