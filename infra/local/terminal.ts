/** A closed pipe, as with `npm start | head`, is no reason to stop chatting. */
process.stdout.on('error', () => undefined);

export const say = (line: string): void => {
  console.log(`· ${line}`);
};

/** Says what is being waited for once that takes long enough to be wondered about, and how long it took. */
export async function step<T>(what: string, work: Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const timer = setTimeout(() => {
    say(`${what}…`);
  }, 1_500);
  try {
    const result = await work;
    say(`${what}: ready in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
    return result;
  } finally {
    clearTimeout(timer);
  }
}
