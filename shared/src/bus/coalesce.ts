import type { Tick } from './tick.ts';

/** Limits of one NATS message, in characters and items. One item alone may be larger. */
const MAX_LENGTH = 512 * 1024;
const MAX_ITEMS = 256;

export interface Item {
  readonly id: number;
  /** The encoded item. Only a reply contains a line break, between its two lines. */
  readonly text: string;
  /** Neighbours of one group are never split: they reach one replica, in order. */
  readonly group?: string | undefined;
}

/**
 * Collects items per key and sends them at the end of the tick. An idle process adds no wait; a busy one
 * sends one message instead of many.
 */
export class Coalescer<Key extends string = string> {
  readonly #tick: Tick;
  readonly #send: (key: Key, items: readonly Item[]) => void;
  #queues = new Map<Key, Item[]>();

  constructor(tick: Tick, send: (key: Key, items: readonly Item[]) => void) {
    this.#tick = tick;
    this.#send = send;
  }

  add(key: Key, item: Item): void {
    if (this.#queues.size === 0)
      this.#tick.defer(() => {
        this.flush();
      });
    const queue = this.#queues.get(key);
    if (queue === undefined) this.#queues.set(key, [item]);
    else queue.push(item);
  }

  flush(): void {
    const queues = this.#queues;
    this.#queues = new Map();
    for (const [key, items] of queues) {
      for (const part of split(items)) this.#send(key, part);
    }
  }
}

export const jsonArray = (items: readonly Item[]): string => `[${items.map((item) => item.text).join(',')}]`;

export const lines = (items: readonly Item[]): string => items.map((item) => item.text).join('\n');

export function split(items: readonly Item[]): Item[][] {
  const parts: Item[][] = [];
  let part: Item[] = [];
  let length = 0;
  for (const item of items) {
    const isBound = item.group !== undefined && item.group === part.at(-1)?.group;
    if (part.length > 0 && !isBound && (length + item.text.length > MAX_LENGTH || part.length >= MAX_ITEMS)) {
      parts.push(part);
      part = [];
      length = 0;
    }
    part.push(item);
    length += item.text.length;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}
