import { randomFillSync } from 'node:crypto';

// Filled in bulk: every hop of every message needs random bytes.
const pool = Buffer.alloc(4_096);
let used = pool.length;

function reserve(bytes: number): number {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return used - bytes;
}

/** Random bytes as hexadecimal digits. */
export function randomHex(bytes: number): string {
  const start = reserve(bytes);
  return pool.toString('hex', start, start + bytes);
}

/** Random bytes in a shared buffer: valid only until the next call. */
export function randomBytes(bytes: number): Uint8Array {
  const start = reserve(bytes);
  return pool.subarray(start, start + bytes);
}
