import { runningCluster } from './global-setup.ts';

export default async function tearDown(): Promise<void> {
  await runningCluster()?.stop();
}
