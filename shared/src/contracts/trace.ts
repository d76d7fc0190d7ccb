/**
 * Which trace some work belongs to, and the span that stands for it. W3C Trace Context,
 * https://www.w3.org/TR/trace-context/
 */
export interface Trace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly isSampled: boolean;
  /** What the edge wrote down when it read the frame that began this; opaque to everybody else. */
  readonly origin?: string | undefined;
}
