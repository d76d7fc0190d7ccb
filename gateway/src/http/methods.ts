import { Failure } from '@switchboard/shared/errors';
import { Router, type Response } from 'express';

/** A route, as it is registered. `path`: of Express. */
export interface RouteName {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  readonly path: string;
}

const localsOf = (response: Response): { allowed?: Set<string> } => response.locals;

/**
 * Refuses, with METHOD_NOT_ALLOWED, a method that no route of the path has. `Allow` names the methods of
 * every route that matches. Comes after the routes themselves.
 */
export function otherMethods(routes: readonly RouteName[]): Router {
  const router = Router();
  for (const { method, path } of routes)
    router.all(path, (_request, response, next) => {
      const allowed = (localsOf(response).allowed ??= new Set());
      for (const name of method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]) allowed.add(name);
      next();
    });
  router.use((_request, response, next) => {
    const { allowed } = localsOf(response);
    if (allowed === undefined) {
      next();
      return;
    }
    response.set('Allow', [...allowed].join(', '));
    throw new Failure('METHOD_NOT_ALLOWED');
  });
  return router;
}
