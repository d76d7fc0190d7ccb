import { Failure } from '@switchboard/shared/errors';

/** The failure that something fails with; an error when it does not, or with something else. */
export async function failureOf(work: () => unknown): Promise<Failure> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
