/** Ignores a closed pipe, as in `npm start | head`: the system continues. */
process.stdout.on('error', () => undefined);

export const say = (line: string): void => {
  console.log(`· ${line}`);
};

/** Prints what the start waits for after 1.5 s, and at the end the duration. */
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
