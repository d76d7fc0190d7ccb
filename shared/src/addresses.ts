/** Whether the text is the URL of a server whose user and password can be decoded. */
export function isUrl(text: string): boolean {
  try {
    const { username, password, hash } = new URL(text);
    // An unescaped # in a password would make the user the host.
    if (hash !== '') return false;
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}

/** Where a URL leads, without user, password and parameters: for logs. Commas separate several URLs. */
export const addressOf = (urls: string): string =>
  urls
    .split(',')
    .map((url) => {
      if (!URL.canParse(url)) return 'an invalid URL';
      const { host, pathname } = new URL(url);
      return `${host}${pathname === '/' ? '' : pathname}`;
    })
    .join();

/** Why a connection failed, in the words of the library. It names no password. */
export function reasonOf(error: unknown): string {
  if (!Error.isError(error)) return 'unknown reason';
  // The error of several attempts, such as one per address of `localhost`, has no words of its own.
  const attempts: unknown = 'errors' in error ? error.errors : undefined;
  if (Array.isArray(attempts) && attempts.length > 0) return reasonOf(attempts[0]);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const own = error.message === '' ? code : error.message;
  const deeper = error.cause === undefined ? '' : reasonOf(error.cause);
  if (deeper === '' || own.includes(deeper)) return own;
  return own === '' ? deeper : `${own}: ${deeper}`;
}
