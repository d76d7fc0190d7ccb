import type { Subject } from '@switchboard/shared/contracts';

export interface UserIds {
  /** The number of a subject, always the same; the first time it gets one. */
  of(subject: Subject): Promise<number>;
}
