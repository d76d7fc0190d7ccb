import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';

export interface TokenSubject {
  id: number;
  role: 'client' | 'admin';
  email?: string;
  /** Seconds, or a duration such as `30d`. */
  expiresIn?: number | jwt.SignOptions['expiresIn'];
  /** The `jti`; by default a new one. */
  tokenId?: string;
}

/** Another system, such as one that revokes tokens. */
export interface MachineSubject {
  name: string;
  role: 'service';
  expiresIn?: TokenSubject['expiresIn'];
}

/** Signs a token that the gateway accepts with this JWT_SECRET. */
export function mintToken(secret: string, subject: TokenSubject | MachineSubject): string {
  const { role, expiresIn = '30d' } = subject;
  const options = { algorithm: 'HS256' as const, expiresIn };
  if (subject.role === 'service')
    return jwt.sign({ role }, secret, { ...options, subject: subject.name, jwtid: randomUUID() });
  const { id, email = `${role}${String(id)}@example.com`, tokenId = randomUUID() } = subject;
  return jwt.sign({ email, role }, secret, { ...options, subject: String(id), jwtid: tokenId });
}
