/** A page must fit a NATS message, however long its texts are: what is too much comes with the next page. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** As many of the first items as fit, one at least. */
export function withinBytes<Item>(items: readonly Item[]): Item[] {
  let bytes = 0;
  const tooMuch = items.findIndex((item) => (bytes += Buffer.byteLength(JSON.stringify(item))) > MAX_PAGE_BYTES);
  return tooMuch === -1 ? [...items] : items.slice(0, Math.max(1, tooMuch));
}
