import { randomFillSync } from 'node:crypto';

// Drawn in bulk: every hop of every message needs some.
const pool = Buffer.alloc(4_096);
let used = pool.length;

function draw(bytes: number): number {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return used - bytes;
}

/** So many random bytes, as hexadecimal digits. */
export function randomHex(bytes: number): string {
  const start = draw(bytes);
  return pool.toString('hex', start, start + bytes);
}

/** Good until the next ones are drawn. */
export function randomBytes(bytes: number): Uint8Array {
  const start = draw(bytes);
  return pool.subarray(start, start + bytes);
}
