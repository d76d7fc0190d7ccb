import { findNatsServer } from '../local/nats-binary.ts';
import { startCluster, type RunningCluster } from './cluster.ts';
import { leftOutForRabbit } from './rabbit-program.ts';
import { announceCluster } from './cluster-address.ts';

let cluster: RunningCluster | undefined;

export const runningCluster = (): RunningCluster | undefined => cluster;

export default async function setUp(): Promise<void> {
  // Found, or fetched, once: workers that fetched at the same time would do it many times over.
  process.env['NATS_SERVER'] = await findNatsServer(console.log);
  const leftOut = leftOutForRabbit();
  if (leftOut !== undefined) console.log(leftOut);
  cluster = await startCluster();
  announceCluster(cluster);
}
