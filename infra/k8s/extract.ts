import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { inflateRawSync } from 'node:zlib';

// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3
const END = 0x06054b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;

/** Takes a program out of a zip archive and puts it at `target`, unless it is there; undefined where there is no archive. */
export function extractProgram(archive: string, member: string, target: string): string | undefined {
  if (existsSync(target)) return target;
  if (!existsSync(archive)) return undefined;
  mkdirSync(dirname(target), { recursive: true });
  // A rename within one folder is atomic: nobody ever runs half a program.
  const partial = `${target}.${String(process.pid)}`;
  writeFileSync(partial, memberOf(readFileSync(archive), member), { mode: 0o755 });
  renameSync(partial, target);
  return target;
}

function memberOf(zip: Buffer, member: string): Buffer {
  const end = zip.length - END_BYTES;
  if (zip.readUInt32LE(end) !== END) throw new Error('not a zip archive without a comment');
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [packed, nameLength, extra, comment, local] = [zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30), zip.readUInt16LE(at + 32), zip.readUInt32LE(at + 42)];
    const name = zip.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + nameLength);
    if (name === member) {
      const start = local + LOCAL_BYTES + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      return inflateRawSync(zip.subarray(start, start + packed));
    }
    at += ENTRY_BYTES + nameLength + extra + comment;
  }
  throw new Error(`there is no ${member} in the archive`);
}
