import { Readable } from 'node:stream';
import { DeleteObjectCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { BlobStore } from './blob-store.ts';
import { s3Problem } from './s3-problem.ts';

export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  /** URL of an S3-compatible store. Default: Amazon's. */
  readonly endpoint?: string;
  /** Default: found by the AWS library, for example in environment variables. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Blobs in an S3-compatible store. */
export function createS3Blobs({ bucket, region, endpoint, credentials }: S3Options): BlobStore {
  const client = new S3Client({ region, endpoint, credentials, forcePathStyle: endpoint !== undefined });

  return {
    async write(id, bytes) {
      const upload = new Upload({ client, params: { Bucket: bucket, Key: id, Body: bytes } });
      // The upload notices a failure of the stream only at the end of a part.
      const failure = new Promise<never>((_, reject) => {
        bytes.once('error', reject);
      });
      try {
        await Promise.race([upload.done(), failure]);
      } catch (error) {
        await upload.abort();
        throw error;
      }
    },

    async read(id, range) {
      const { Body: body, ContentRange: sent } = await client.send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: id,
          Range: range && `bytes=${range.start.toString()}-${range.end.toString()}`,
        }),
      );
      if (!(body instanceof Readable)) throw new Error('the object store replied without a body');
      if (range !== undefined && sent === undefined) {
        body.destroy();
        throw new Error('the object store ignored a range');
      }
      return body;
    },

    async remove(id) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: id }));
    },

    problem: () => s3Problem({ client, bucket, address: endpoint ?? `S3 in ${region}` }),
  };
}
