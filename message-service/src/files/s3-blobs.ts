import { Readable } from 'node:stream';
import { DeleteObjectCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { BlobStore } from './blob-store.ts';

export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  /** Of an S3-compatible store; Amazon's unless set. */
  readonly endpoint?: string;
  /** From the environment's usual places unless set. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Blobs in an S3-compatible store. */
export function createS3Blobs({ bucket, region, endpoint, credentials }: S3Options): BlobStore {
  const client = new S3Client({ region, endpoint, credentials, forcePathStyle: endpoint !== undefined });

  return {
    async write(id, bytes) {
      const upload = new Upload({ client, params: { Bucket: bucket, Key: id, Body: bytes } });
      // The upload reads the stream but does not hear of its failure before the end of a part.
      const failure = new Promise<never>((_, reject) => { bytes.once('error', reject); });
      try {
        await Promise.race([upload.done(), failure]);
      } catch (error) {
        await upload.abort();
        throw error;
      }
    },

    async read(id) {
      const { Body: body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: id }));
      if (!(body instanceof Readable)) throw new Error('the object store answered without a body');
      return body;
    },

    async remove(id) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: id }));
    },
  };
}
