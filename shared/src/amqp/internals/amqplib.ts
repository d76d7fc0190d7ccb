// Texts of amqplib's errors, which carry no code while a connection opens. `shared/test/internals.test.ts`
// fails when another version is installed, or when a text changes.

export const AMQPLIB_VERSION = '2.3';

const REFUSED = /\(ACCESS-REFUSED\)|\(NOT-ALLOWED\)|Expected ConnectionOpenOk; got <ConnectionClose/;

/**
 * Whether RabbitMQ refused the user: a wrong password, or a missing right. The last text is how amqplib
 * reports a virtual host that the user must not enter.
 */
export const isAccessRefused = (error: unknown): boolean =>
  error instanceof Error && REFUSED.test(error.message);
