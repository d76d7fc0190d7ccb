/**
 * `npm run bench -- telemetry`: measures the cost of telemetry, as ratios of one run. Modes alternate within
 * a round, so that noise of the machine affects all of them alike.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../../test/helpers/index.ts';
import { Switchboard } from './contenders/switchboard.ts';
import { cpuOf, cpuSince, total } from './cpu.ts';
import { Load } from './load/load.ts';
import { median } from './statistics.ts';

const ROUNDS = 5;
const SOCKETS = 16;
const WARM_UP_MS = 3_000;
const MEASURED_MS = 8_000;

const DISCARDING_COLLECTOR = `require('node:http').createServer((request, response) => { request.resume().on('end', () => response.end('{}')); }).listen(Number(process.argv[1]), '127.0.0.1', () => console.log('listening'))`;

interface Round {
  perSecond: number;
  cpuMicros: number;
}

const collectorPort = await freePort();
const collector = spawn(process.execPath, ['-e', DISCARDING_COLLECTOR, String(collectorPort)], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
await once(collector.stdout, 'data');

const withCollector = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${String(collectorPort)}` };
const modes: Record<string, Record<string, string>> = {
  off: {},
  'metrics only': { ...withCollector, OTEL_TRACES_EXPORTER: 'none' },
  'default: metrics, failed or slow traces, ten traces a second': withCollector,
  'one trace in twenty': { ...withCollector, OTEL_TRACES_SAMPLER_ARG: '0.05' },
  'every trace': { ...withCollector, OTEL_TRACES_SAMPLER_ARG: '1' },
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
console.log(
  `\n${String(SOCKETS)} sockets, one per chat; medians of ${String(ROUNDS)} rounds of ${String(MEASURED_MS / 1_000)} s\n`,
);
console.log(
  '| telemetry | messages per second | relative to off | CPU per message, all services |\n| --- | --- | --- | --- |',
);
for (const [name, of] of rounds) {
  const ratio = median(of.map(({ perSecond }, index) => perSecond / (off[index]?.perSecond ?? Number.NaN)));
  console.log(
    `| ${name} | ${median(of.map(({ perSecond }) => perSecond)).toFixed(0)} | ${(ratio * 100).toFixed(1)} % | ${median(of.map(({ cpuMicros }) => cpuMicros)).toFixed(0)} µs |`,
  );
}

async function measure(env: Record<string, string>): Promise<Round> {
  const system = await Switchboard.start({ env });
  const load = new Load();
  try {
    const services = new Map(
      [...system.processes].filter(([name]) => name !== 'nats' && name !== 'postgres'),
    );
    await load.join((await system.openChats(SOCKETS, 1)).flat());
    await load.send({ kind: 'closed', inFlight: 8 });
    await load.measure(WARM_UP_MS);
    const before = cpuOf(services);
    const { acknowledged, elapsedMs } = await load.measure(MEASURED_MS);
    const cpu = total(cpuSince(services, before));
    await load.drain();
    return { perSecond: (acknowledged * 1_000) / elapsedMs, cpuMicros: (cpu * 1_000) / acknowledged };
  } finally {
    await load.close();
    await system.stop();
  }
}
