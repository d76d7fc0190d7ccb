import { relayConfig } from '@switchboard/shared/amqp-config';
import {
  Bytes,
  ConfigError,
  folderProblem,
  HttpUrl,
  internalConfig,
  Key,
  Limit,
  mistakesOf,
  PostgresUrl,
  processConfig,
  readConfig,
  Seconds,
} from '@switchboard/shared/runtime';
import { z } from 'zod';
import type { BlobStore } from './files/blob-store.ts';
import { createLocalBlobs } from './files/local-blobs.ts';

/** The environment of message-service. */
export const Config = z.object({
  ...processConfig,
  ...internalConfig,
  ...relayConfig,
  MESSAGE_DATABASE_URL: PostgresUrl,
  /** How gateways reach this replica for the bytes of files. Default: its host name and port. */
  INTERNAL_URL: HttpUrl.optional(),
  /** The gateway's public URL, with which each `fileUrl` begins. */
  PUBLIC_URL: z
    .url({
      protocol: /^https?$/,
      error: 'needed: the URL at which clients reach the gateway, such as https://chat.example.com',
    })
    .transform((url) => url.replace(/\/$/, '')),
  /** Signs `fileUrl`. The same for every replica. */
  FILE_URL_SECRET: Key,
  /** A second secret whose signatures are accepted, while keys are rotated. */
  FILE_URL_SECRET_ALSO: Key.optional(),
  /**
   * Requests per second that each replica accepts from one socket, as in a gateway; twice that from one user.
   */
  RATE_LIMIT_EVENTS: Limit.default(25),
  /** For how long after a send its author may edit or delete the message, in seconds. */
  EDIT_WINDOW_S: Seconds.default(900),
  MAX_FILE_BYTES: Bytes.default(25 * 1024 * 1024),
  FILES_DIR: z.string().default('.data/files'),
  S3_BUCKET: z.string().optional(),
  S3_ENDPOINT: HttpUrl.optional(),
  S3_REGION: z.string().default('us-east-1'),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
});
export type Config = z.output<typeof Config>;

/** Whether the folder for the bytes of files can be used. */
export function check(environment: NodeJS.ProcessEnv): readonly string[] {
  return mistakesOf(() => {
    const { S3_BUCKET, FILES_DIR } = readConfig(
      Config.pick({ S3_BUCKET: true, FILES_DIR: true }),
      environment,
    );
    const problem = S3_BUCKET === undefined ? folderProblem(FILES_DIR) : undefined;
    if (problem !== undefined) throw unusable(FILES_DIR, problem);
  });
}

const unusable = (folder: string, why: string): ConfigError =>
  new ConfigError([`FILES_DIR: ${folder} cannot be used: ${why}`]);

/** An S3-compatible store when `S3_BUCKET` is set, else a folder. */
export async function blobsOf(config: Config): Promise<BlobStore> {
  const { FILES_DIR: folder } = config;
  if (config.S3_BUCKET === undefined)
    return createLocalBlobs(folder, config.MAX_FILE_BYTES).catch((error: unknown) => {
      const problem = folderProblem(folder);
      throw problem === undefined ? error : unusable(folder, problem);
    });
  // Imported on demand: the AWS library is large, and most installations do not need it.
  const { createS3Blobs } = await import('./files/s3-blobs.ts');
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = config;
  return createS3Blobs({
    bucket: config.S3_BUCKET,
    region: config.S3_REGION,
    endpoint: config.S3_ENDPOINT,
    credentials:
      accessKeyId !== undefined && secretAccessKey !== undefined
        ? { accessKeyId, secretAccessKey }
        : undefined,
  });
}
