import { basename, extname } from 'node:path';
import { cut } from '@switchboard/shared/contracts';

const MAX_NAME_LENGTH = 200;
/** A longer ending is none. */
const MAX_ENDING_LENGTH = 20;

/**
 * Characters that a name does not show, and with which `exe.png` could disguise `gnp.exe`: controls, ends of
 * lines, marks of direction, and the byte order mark. Joiners stay, which scripts and emoji need.
 */
const HIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u{FEFF}]/gu;

/** The name of an uploaded file, without folders. A long name is cut before its ending. */
export function fileNameOf(given: string): string {
  const name = basename(given.replaceAll('\\', '/').replaceAll(HIDDEN, ''));
  if (name.length <= MAX_NAME_LENGTH) return name || 'file';
  const ending = extname(name);
  if (ending.length > MAX_ENDING_LENGTH) return cut(name, MAX_NAME_LENGTH);
  return `${cut(name.slice(0, -ending.length || undefined), MAX_NAME_LENGTH - ending.length)}${ending}`;
}
