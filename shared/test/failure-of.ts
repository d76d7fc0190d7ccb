import { Failure } from '@switchboard/shared/errors';

/** The Failure that `work` rejects with; throws when it succeeds or rejects otherwise. */
export async function failureOf(work: () => unknown): Promise<Failure> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('the work did not fail');
}
