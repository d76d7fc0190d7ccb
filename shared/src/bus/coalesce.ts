import type { Turn } from './turn.ts';

/** No NATS message carries more than this many characters, or this many items, unless one item alone is larger. */
const MAX_LENGTH = 512 * 1024;
const MAX_ITEMS = 256;

export interface Item {
  readonly id: number;
  /** As it is written on the wire; no line breaks but between the lines of an answer. */
  readonly text: string;
  /** Neighbours of one group are never parted: they reach one replica, in order. */
  readonly group?: string | undefined;
}

/**
 * Collects items per key and hands them over once the current turn of the event loop is over. An idle process waits for
 * nobody; a busy one pays for one message instead of many.
 */
export class Coalescer {
  readonly #turn: Turn;
  readonly #send: (key: string, items: readonly Item[]) => void;
  #queues = new Map<string, Item[]>();

  constructor(turn: Turn, send: (key: string, items: readonly Item[]) => void) {
    this.#turn = turn;
    this.#send = send;
  }

  add(key: string, item: Item): void {
    if (this.#queues.size === 0) this.#turn.leave(() => { this.flush(); });
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
