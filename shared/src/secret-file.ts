import { readFileSync } from 'node:fs';

/** The text of a mounted secret, without its last line break. */
export const readSecretFile = (file: string): string => readFileSync(file, 'utf8').replace(/\r?\n$/, '');
