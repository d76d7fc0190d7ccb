import { fileURLToPath } from 'node:url';
import express, { type RequestHandler } from 'express';

/** The published contracts; `npm run contracts` writes them. */
const folder = fileURLToPath(new URL('../../docs', import.meta.url));

export const docs = (): RequestHandler => express.static(folder, { maxAge: '5m' });
