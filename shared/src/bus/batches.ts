import type { RequestSubject } from '../contracts/define.ts';
import type { Item } from './coalesce.ts';

/** The requests of one NATS message. */
export interface Batch {
  readonly number: number;
  readonly subject: RequestSubject;
  /** Undefined: any replica of the queue group. */
  readonly replica: string | undefined;
  readonly items: readonly Item[];
  /** How many of them wait for a reply to this message. */
  waiting: number;
  /** In intervals of the judgement of replicas. */
  age: number;
}

/** The batches in which a request waits. A request is in one batch at a time: the last that it left in. */
export class Batches {
  readonly #byNumber = new Map<number, Batch>();
  #last = 0;

  open(subject: RequestSubject, replica: string | undefined, items: readonly Item[]): Batch {
    const batch: Batch = { number: ++this.#last, subject, replica, items, waiting: 0, age: 0 };
    this.#byNumber.set(batch.number, batch);
    return batch;
  }

  find(number: number): Batch | undefined {
    return this.#byNumber.get(number);
  }

  [Symbol.iterator](): Iterator<Batch> {
    return this.#byNumber.values();
  }

  enter(request: { batch: Batch | undefined }, batch: Batch): void {
    this.leave(request);
    request.batch = batch;
    batch.waiting += 1;
  }

  leave({ batch }: { readonly batch: Batch | undefined }): void {
    if (batch === undefined) return;
    batch.waiting -= 1;
    this.forgetIfEmpty(batch);
  }

  forgetIfEmpty(batch: Batch): void {
    if (batch.waiting === 0) this.#byNumber.delete(batch.number);
  }
}
