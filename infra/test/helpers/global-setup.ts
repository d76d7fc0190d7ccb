import { findNatsServer } from '../../dev/processes/nats-binary.ts';
import { startCluster } from './cluster.ts';
import { announceCluster } from './cluster-address.ts';
import { givenRabbit, rabbitProgram, skippedWithoutRabbit } from './rabbit-program.ts';
import { startRabbit } from './rabbitmq.ts';

/** The part of Jest's global configuration that is read here. */
interface Run {
  testPathPatterns: { patterns: readonly string[] };
}

interface Server {
  stop(): Promise<unknown>;
}

const running: Server[] = [];

export const runningServers = (): readonly Server[] => running;

export default async function setUp({ testPathPatterns }: Run): Promise<void> {
  // Finds or downloads nats-server once, before the workers start.
  process.env['NATS_SERVER'] = await findNatsServer(console.log);
  const skipped = skippedWithoutRabbit();
  if (skipped !== undefined) console.log(skipped);
  const isWholeRun = testPathPatterns.patterns.length === 0;
  await Promise.all([shareCluster(), ...(isWholeRun ? [shareRabbit()] : [])]);
}

async function shareCluster(): Promise<void> {
  const cluster = await startCluster();
  running.push(cluster);
  announceCluster(cluster);
}

/** One server for all tests that need only an exchange. A run of some tests starts one where needed. */
async function shareRabbit(): Promise<void> {
  if (rabbitProgram === undefined || givenRabbit !== undefined) return;
  const rabbit = await startRabbit();
  running.push(rabbit);
  process.env['AMQP_URL'] = rabbit.url;
}
