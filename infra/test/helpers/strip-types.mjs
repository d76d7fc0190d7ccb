import { createHash } from 'node:crypto';
import { stripTypeScriptTypes } from 'node:module';

/** Jest's transform: Node strips the types as at run time and keeps line and column numbers. */
export default {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
  getCacheKey: (source) => createHash('sha1').update(process.version).update(source).digest('hex'),
};
