import type { NatsPasswords } from '../../dev/topology/names.ts';
import { freePort, startNats, type TestNats } from '../../test/helpers/index.ts';

/** Starts a cluster of nats-servers, each with the permissions of production. */
export async function startNatsCluster(count: number, passwords: NatsPasswords): Promise<TestNats[]> {
  const firstRoute = await freePort(count);
  const routes = Array.from({ length: count }, (_, index) => `nats://127.0.0.1:${firstRoute + index}`);
  return Promise.all(
    routes.map((own) =>
      startNats({
        passwords,
        args: [
          '--cluster_name',
          'chaos',
          '--cluster',
          own,
          '--routes',
          routes.filter((route) => route !== own).join(','),
        ],
      }),
    ),
  );
}
