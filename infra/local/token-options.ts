import { LaunchError } from './command.ts';
import type { TokenSubject } from './jwt.ts';

const secondsPer = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

export function parseSubject(values: { id?: string; role?: string; email?: string; 'expires-in'?: string }): TokenSubject {
  const { id = '', role = 'client', email, 'expires-in': span = '30d' } = values;
  if (!/^[1-9]\d{0,14}$/.test(id)) throw new LaunchError('--id wants the number of a user, from 1 on.');
  if (role !== 'client' && role !== 'admin') throw new LaunchError('--role is client or admin.');
  return { id: Number(id), role, expiresIn: parseSpan(span), ...(email === undefined ? {} : { email }) };
}

/** Seconds, from `90s`, `15m`, `8h` or `30d`. */
export function parseSpan(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  const unit = match?.[2];
  if (match === null || (unit !== 's' && unit !== 'm' && unit !== 'h' && unit !== 'd')) {
    throw new LaunchError('--expires-in wants a span such as 15m, 8h or 30d.');
  }
  return Number(match[1]) * secondsPer[unit];
}
