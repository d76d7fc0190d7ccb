import { Bus } from '@switchboard/shared/bus';
import { silent, type TestNats } from '@switchboard/infra/test';

type User = Parameters<TestNats['url']>[0];

/** The buses of a test, each as its own NATS user; closed together. */
export class Buses {
  readonly #open: Bus[] = [];

  async connect(nats: TestNats, user: User): Promise<Bus> {
    const bus = await Bus.connect({ url: nats.url(user), user, logger: silent });
    this.#open.push(bus);
    return bus;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((bus) => bus.close()));
  }
}
