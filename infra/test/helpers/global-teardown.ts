import { runningServers } from './global-setup.ts';

export default async function tearDown(): Promise<void> {
  await Promise.all(runningServers().map((server) => server.stop()));
}
