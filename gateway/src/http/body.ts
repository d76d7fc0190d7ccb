import type { IncomingMessage } from 'node:http';
import { Failure } from '@switchboard/shared/errors';
import express, { type RequestHandler, type Response } from 'express';

const MAX_BODY = '64kb';
const JSON_TYPES = ['application/json', 'application/merge-patch+json'];

/** Whether a request carries a body, of any type. */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** The failure for a body of another type than these, which `Accept` then names. RFC 9110, section 15.5.16 */
export function unsupported(response: Response, accepted: readonly string[]): Failure {
  response.set('Accept', accepted.join(', '));
  return new Failure('UNSUPPORTED_MEDIA_TYPE', { accepted });
}

export const notJson = (response: Response): Failure => unsupported(response, JSON_TYPES);

const parseJson: RequestHandler = express.json({ limit: MAX_BODY, type: JSON_TYPES });

/** Reads a JSON body. A body of another type is left unread, and `request.body` undefined. */
export const readJson: RequestHandler = (request, response, next) => {
  parseJson(request, response, (error?: unknown) => {
    // Of an unknown charset or compression.
    const isUnsupported = error instanceof Error && 'status' in error && error.status === 415;
    next(isUnsupported ? notJson(response) : error);
  });
};
