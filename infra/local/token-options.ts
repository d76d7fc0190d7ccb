import { LaunchError } from './command.ts';
import type { MachineSubject, TokenSubject } from './jwt.ts';

const secondsPer = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** The gateway takes no token that is made for longer. */
const MAX_SECONDS = 31 * 86_400;

export function parseSubject(values: { id?: string; role?: string; email?: string; 'expires-in'?: string }): TokenSubject | MachineSubject {
  const { id = '', role = 'client', email, 'expires-in': span = '30d' } = values;
  if (role === 'service') {
    if (!/^[\w.-]{1,100}$/.test(id)) throw new LaunchError('--id wants the name of a system, such as crm.');
    return { name: id, role, expiresIn: parseSpan(span) };
  }
  if (!/^[1-9]\d{0,14}$/.test(id)) throw new LaunchError('--id wants the number of a user, from 1 on.');
  if (role !== 'client' && role !== 'admin') throw new LaunchError('--role is client, admin or service.');
  return { id: Number(id), role, expiresIn: parseSpan(span), ...(email === undefined ? {} : { email }) };
}

/** Seconds, from `90s`, `15m`, `8h` or `30d`. */
export function parseSpan(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  const unit = match?.[2];
  if (match === null || (unit !== 's' && unit !== 'm' && unit !== 'h' && unit !== 'd')) {
    throw new LaunchError('--expires-in wants a span such as 15m, 8h or 30d.');
  }
  const seconds = Number(match[1]) * secondsPer[unit];
  if (seconds > MAX_SECONDS) throw new LaunchError('--expires-in is a month at most, 31d: no token is taken that lives longer.');
  return seconds;
}
