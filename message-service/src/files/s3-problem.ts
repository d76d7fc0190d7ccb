import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

const PROBE_WITHIN_MS = 5_000;
/** An empty object. It is read again and again, and written only when it must be. */
const PROBE_KEY = 'switchboard-probe';

export interface S3Place {
  readonly client: S3Client;
  readonly bucket: string;
  /** What the log calls the store. */
  readonly address: string;
}

/** Why files cannot be stored in a bucket; undefined when they can. Needs the rights of transfers only. */
export async function s3Problem(place: S3Place): Promise<string | undefined> {
  const error = await failureOf((options) =>
    place.client.send(new GetObjectCommand({ Bucket: place.bucket, Key: PROBE_KEY }), options),
  );
  if (error === undefined || error === 'NoSuchKey') return undefined;
  if (error !== 'AccessDenied') return sentenceOf(error, place);
  // Without the right to list, a store hides that an object is missing.
  const onWrite = await failureOf((options) =>
    place.client.send(
      new PutObjectCommand({ Bucket: place.bucket, Key: PROBE_KEY, Body: Buffer.alloc(0) }),
      options,
    ),
  );
  return onWrite === undefined ? undefined : sentenceOf(onWrite, place);
}

/** The code of the error: an error of a store may quote a key, and is never shown whole. */
async function failureOf(
  request: (options: { abortSignal: AbortSignal }) => Promise<unknown>,
): Promise<string | undefined> {
  const abortSignal = AbortSignal.timeout(PROBE_WITHIN_MS);
  try {
    await request({ abortSignal });
    return undefined;
  } catch (error) {
    return abortSignal.aborted ? 'timeout' : codeOf(error);
  }
}

function codeOf(error: unknown): string {
  if (!Error.isError(error)) return 'an unknown error';
  if ('code' in error && typeof error.code === 'string') return error.code;
  // The library wraps an error of the system that it does not recognise, and keeps only its message.
  return /\bE[A-Z]{4,}\b/.exec(error.message)?.[0] ?? error.name;
}

function sentenceOf(code: string, { bucket, address }: S3Place): string {
  const sentences: Readonly<Record<string, string>> = {
    NoSuchBucket: `the bucket ${bucket} does not exist`,
    InvalidAccessKeyId: 'the store does not know S3_ACCESS_KEY_ID',
    SignatureDoesNotMatch: 'S3_SECRET_ACCESS_KEY does not belong to S3_ACCESS_KEY_ID',
    CredentialsProviderError: 'the AWS library found no credentials',
    AccessDenied: `the key may not read and write the bucket ${bucket}`,
    PermanentRedirect: `the bucket ${bucket} is in another region than S3_REGION`,
    AuthorizationHeaderMalformed: `the bucket ${bucket} is in another region than S3_REGION`,
    RequestTimeTooSkewed: `the clock of this machine differs from that of ${address}`,
    ECONNREFUSED: `${address} does not answer`,
    ENOTFOUND: `${address} has no address in DNS`,
    timeout: `${address} does not answer`,
  };
  return `${sentences[code] ?? `${address} refuses to read the bucket ${bucket}`} (${code})`;
}
