/** A page must fit a NATS message, and eight pages, requested by one socket, the gateway's memory. */
export const MAX_PAGE_BYTES = 1024 * 1024;

/** The first items that fit a page as JSON; at least one. */
export function withinBytes<Item>(items: readonly Item[]): Item[] {
  let bytes = 0;
  const firstTooMany = items.findIndex(
    (item) => (bytes += Buffer.byteLength(JSON.stringify(item))) > MAX_PAGE_BYTES,
  );
  return firstTooMany === -1 ? [...items] : items.slice(0, Math.max(1, firstTooMany));
}
