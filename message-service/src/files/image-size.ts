import { disableTypes, imageSize, types } from 'image-size';

/** The types of images that browsers show. Nothing else is looked into. */
const SHOWN = ['png', 'jpg', 'gif', 'webp'] as const;
disableTypes(types.filter((type) => !SHOWN.some((shown) => shown === type)));

/** Cameras put a preview and a colour profile before the size of a JPEG. */
export const IMAGE_HEAD_BYTES = 512 * 1024;

/** From this EXIF orientation on, an image is shown turned by a quarter. */
const TURNED = 5;

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Width and height in pixels, as the image is shown, by the header in its first bytes. Undefined: it is no
 * image that browsers show, or its header is damaged.
 */
export function imageSizeOf(contentType: string, head: Buffer): ImageSize | undefined {
  if (!contentType.startsWith('image/')) return undefined;
  try {
    // A copy in memory of its own: the library reads on behind the end of a view.
    const { width, height, orientation = 1 } = imageSize(new Uint8Array(head));
    if (!isLength(width) || !isLength(height)) return undefined;
    return orientation >= TURNED ? { width: height, height: width } : { width, height };
  } catch {
    return undefined;
  }
}

const isLength = (pixels: number): boolean => Number.isSafeInteger(pixels) && pixels > 0 && pixels < 2 ** 31;
