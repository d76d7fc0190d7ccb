import { relayConfig } from '@switchboard/shared/amqp';
import { Bytes, internalConfig, Key, Limit, PostgresUrl, processConfig } from '@switchboard/shared/runtime';
import { z } from 'zod';
import type { BlobStore } from './files/blob-store.ts';
import { createLocalBlobs } from './files/local-blobs.ts';

/** The environment of message-service. */
export const Config = z
  .object({
    ...processConfig,
    ...internalConfig,
    ...relayConfig,
    MESSAGE_DATABASE_URL: PostgresUrl,
    /** How gateways reach this very replica for the bytes of files; its host's name and the port unless set. */
    INTERNAL_URL: z.url().optional(),
    /** The gateway as clients see it: `fileUrl` begins with it. */
    PUBLIC_URL: z.url({ error: 'needed: the URL at which clients reach the gateway' }).transform((url) => url.replace(/\/$/, '')),
    /** Signs `fileUrl`; the same for every replica. */
    FILE_URL_SECRET: Key,
    /** What it signed is good as well, while keys are changed. */
    FILE_URL_SECRET_ALSO: Key.optional(),
    /** As for a gateway: what one socket may ask in a second; a user may ask for twice that, of each replica. */
    RATE_LIMIT_EVENTS: Limit.default(25),
    MAX_FILE_BYTES: Bytes.default(25 * 1024 * 1024),
    FILES_DIR: z.string().default('.data/files'),
    S3_BUCKET: z.string().optional(),
    S3_ENDPOINT: z.url().optional(),
    S3_REGION: z.string().default('us-east-1'),
    S3_ACCESS_KEY_ID: z.string().optional(),
    S3_SECRET_ACCESS_KEY: z.string().optional(),
  });
export type Config = z.output<typeof Config>;

/** Where the bytes go: an S3-compatible store when a bucket is named, a folder otherwise. */
export async function blobsOf(config: Config): Promise<BlobStore> {
  if (config.S3_BUCKET === undefined) return createLocalBlobs(config.FILES_DIR);
  // A large library that most have no use for.
  const { createS3Blobs } = await import('./files/s3-blobs.ts');
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = config;
  return createS3Blobs({
    bucket: config.S3_BUCKET,
    region: config.S3_REGION,
    endpoint: config.S3_ENDPOINT,
    credentials: accessKeyId !== undefined && secretAccessKey !== undefined ? { accessKeyId, secretAccessKey } : undefined,
  });
}
