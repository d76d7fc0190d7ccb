import type { Failure } from '@switchboard/shared/errors';
import { rateOf, TokenBuckets } from '@switchboard/shared/limits';
import type { Logger } from '@switchboard/shared/runtime';
import { isServerFault, type Trace } from '@switchboard/shared/telemetry';

/** Lines per second of each code, with a burst of four times that: an outage must not pay for its log. */
const LINES_PER_SECOND = 5;

/** Logs failures of the system with their trace, never a client's mistakes. */
export class FaultLog {
  readonly #logger: Logger;
  readonly #lines = new TokenBuckets<string>(rateOf(LINES_PER_SECOND));
  #suppressed = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** `message`: a stable phrase; `facts`: which event or request. */
  log(
    message: string,
    { code, cause }: Failure,
    { traceId }: Trace,
    facts: Readonly<Record<string, string>>,
  ): void {
    if (!isServerFault(code)) return;
    if (this.#lines.consume(code) > 0) {
      this.#suppressed += 1;
      return;
    }
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    this.#logger.warn(
      {
        ...facts,
        code,
        trace_id: traceId,
        ...(cause === undefined ? {} : { err: cause }),
        ...(suppressed === 0 ? {} : { suppressed }),
      },
      message,
    );
  }
}
