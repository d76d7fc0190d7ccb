/** However long its texts are: a page must fit a NATS message, and eight of them, asked for by one socket, the gateway's memory. */
export const MAX_PAGE_BYTES = 1024 * 1024;

/** As many of the first items as fit, one at least. */
export function withinBytes<Item>(items: readonly Item[]): Item[] {
  let bytes = 0;
  const tooMuch = items.findIndex((item) => (bytes += Buffer.byteLength(JSON.stringify(item))) > MAX_PAGE_BYTES);
  return tooMuch === -1 ? [...items] : items.slice(0, Math.max(1, tooMuch));
}
