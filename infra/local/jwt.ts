import jwt from 'jsonwebtoken';

export interface TokenSubject {
  id: number;
  role: 'client' | 'admin';
  email?: string;
  /** Seconds, or a span such as `30d`. */
  expiresIn?: number | jwt.SignOptions['expiresIn'];
}

/** A token as the gateway accepts it with JWT_SECRET. */
export const mintToken = (secret: string, { id, role, email, expiresIn }: TokenSubject): string =>
  jwt.sign({ email: email ?? `${role}${String(id)}@example.com`, role }, secret, {
    algorithm: 'HS256',
    subject: String(id),
    expiresIn: expiresIn ?? '30d',
  });
