import { LaunchError } from './processes/command.ts';
import type { MachineSubject, TokenSubject } from './jwt.ts';

const secondsPer = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** The gateway rejects tokens with a longer lifetime. */
const MAX_SECONDS = 31 * 86_400;

export function parseSubject(values: {
  id?: string;
  role?: string;
  email?: string;
  'expires-in'?: string;
}): TokenSubject | MachineSubject {
  const { id = '', role = 'client', email, 'expires-in': duration = '30d' } = values;
  if (role === 'service') {
    if (!/^[\w.-]{1,100}$/.test(id)) throw new LaunchError('--id: give the name of a system, such as crm.');
    return { name: id, role, expiresIn: parseDuration(duration) };
  }
  if (!/^[1-9]\d{0,14}$/.test(id)) throw new LaunchError('--id: give the number of a user, 1 or higher.');
  if (role !== 'client' && role !== 'admin')
    throw new LaunchError('--role: choose client, admin or service.');
  return {
    id: Number(id),
    role,
    expiresIn: parseDuration(duration),
    ...(email === undefined ? {} : { email }),
  };
}

/** Converts `90s`, `15m`, `8h` or `30d` to seconds. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  const unit = match?.[2];
  if (match === null || (unit !== 's' && unit !== 'm' && unit !== 'h' && unit !== 'd')) {
    throw new LaunchError('--expires-in: give a duration such as 15m, 8h or 30d.');
  }
  const seconds = Number(match[1]) * secondsPer[unit];
  if (seconds > MAX_SECONDS)
    throw new LaunchError('--expires-in: give at most 31d. The gateway rejects longer tokens.');
  return seconds;
}
