import { operationsFile, textOf } from './files.ts';

/** The queries that OPERATIONS.md tells its reader to ask. */
export const operationsExpressions = (): string[] => [...textOf(operationsFile).matchAll(/^```promql\n([\s\S]*?)^```$/gm)].map(([, query = '']) => query);

/** The alerts that have a page in it, as they are headed. */
export const operationsPages = (): string[] => [...textOf(operationsFile).matchAll(/^### (.+)$/gm)].map(([, heading = '']) => heading);
