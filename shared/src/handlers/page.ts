/** Rows of a page when the request names no limit. */
export const DEFAULT_PAGE_LIMIT = 50;
