import { z } from 'zod';
import { always, request } from './define.ts';
import { isStorable, UserId } from './values.ts';

const MAX_LENGTH = 255;
const isShown = (text: string): boolean => isStorable(text) && !/\p{C}/u.test(text);
const Issuer = z.string().max(MAX_LENGTH).refine(isShown);

/** A user as an identity provider names them: the claims `iss` (empty: none) and `sub`. */
export const Subject = z.strictObject({
  issuer: Issuer,
  subject: z.string().min(1).max(MAX_LENGTH).refine(isShown),
});
export type Subject = z.output<typeof Subject>;

const User = Subject.extend({ userId: UserId });

const SUBJECT = { issuer: 'https://id.example.com/', subject: 'auth0|65f2' };
const USER = { ...SUBJECT, userId: 9_000_000_000_000_000 };

/** Requests of chat-service about subjects that are no numbers. */
export const userContracts = {
  identifyUser: request('chat.v1.identifyUser', {
    caller: 'service',
    isIdempotent: always,
    description: 'The number of a subject, always the same. A subject that has none gets one.',
    payload: Subject,
    reply: User,
    example: { payload: SUBJECT, reply: USER },
    errors: ['UNAVAILABLE'],
  }),

  addUser: request('chat.v1.addUser', {
    caller: 'machine',
    isIdempotent: always,
    http: {
      method: 'post',
      path: '/admin/users',
      input: Subject.extend({ issuer: Issuer.default('') }),
    },
    description:
      'The `userId` of a subject that is no number, such as `auth0|65f2`: for requests that name a user who may never have connected. `issuer`: the claim `iss` of their tokens.',
    payload: Subject,
    reply: User,
    example: { payload: SUBJECT, reply: USER },
    errors: [],
  }),
};
