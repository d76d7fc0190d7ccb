import { Failure } from '@switchboard/shared/errors';
import type { Request, Response } from 'express';
import type { ByteRange } from './transfer.ts';

/**
 * The range of bytes that a download is for; undefined: all of them, also for several ranges and for an
 * `If-Range` that names another version. Throws RANGE_NOT_SATISFIABLE. RFC 9110, section 14; express'
 * range-parser refuses a suffix that is longer than the file.
 */
export function rangeOf(request: Request, response: Response, size: number): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(request.get('Range') ?? '') ?? [];
  const isInvalid = first === '' ? last === '' : last !== '' && Number(last) < Number(first);
  if (isInvalid || !isCurrent(request.get('If-Range'), response)) return undefined;
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start <= end) return { start, end };
  response.set('Content-Range', `bytes */${size.toString()}`);
  throw new Failure('RANGE_NOT_SATISFIABLE');
}

const isCurrent = (ifRange: string | undefined, response: Response): boolean =>
  ifRange === undefined || ifRange === response.get('ETag');

/** The status and the headers of a response with these bytes of a file. */
export function describeRange(response: Response, size: number, sent: ByteRange | undefined): void {
  if (sent === undefined) {
    response.set('Content-Length', size.toString());
    return;
  }
  const { start, end } = sent;
  response.status(206).set({
    'Content-Length': (end - start + 1).toString(),
    'Content-Range': `bytes ${start.toString()}-${end.toString()}/${size.toString()}`,
  });
}
