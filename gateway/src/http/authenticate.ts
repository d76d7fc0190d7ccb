import type { Actor } from '@switchboard/shared/contracts';
import type { Request } from 'express';
import { bearerToken } from '../auth/token.ts';
import type { Verify } from '../auth/verify.ts';

/** Who asks over HTTP. Throws UNAUTHORIZED. */
export const authenticate = async (verify: Verify, request: Request): Promise<Actor> => (await verify(bearerToken(request.headers))).actor;
