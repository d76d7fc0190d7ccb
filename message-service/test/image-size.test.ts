import { expect, it } from '@jest/globals';
import { imageSizeOf } from '../src/files/image-size.ts';

/** The header of a PNG: its size in pixels stands in the first chunk. https://www.w3.org/TR/png-3/#11IHDR */
function png(width: number, height: number): Buffer {
  const header = Buffer.from('89504e470d0a1a0a0000000d49484452000000000000000008060000000000000000', 'hex');
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  return header;
}

/** Start of image, EXIF with an orientation, and the start of the frame. https://www.w3.org/Graphics/JPEG/itu-t81.pdf */
function jpeg(width: number, height: number, orientation: number): Buffer {
  const exif = Buffer.from(
    '457869660000' + '4d4d002a00000008' + '0001' + '01120003000000010000' + '0000' + '00000000',
    'hex',
  );
  exif.writeUInt16BE(orientation, 24);
  const app1 = Buffer.concat([Buffer.from('ffe10000', 'hex'), exif]);
  app1.writeUInt16BE(exif.length + 2, 2);
  const frame = Buffer.from('ffc0001108000000000301220002110103110100', 'hex');
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  return Buffer.concat([Buffer.from('ffd8', 'hex'), app1, frame, Buffer.alloc(64)]);
}

it('is read from the header of an image', () => {
  expect(imageSizeOf('image/png', png(640, 480))).toEqual({ width: 640, height: 480 });
  expect(imageSizeOf('image/jpeg', jpeg(640, 480, 1))).toEqual({ width: 640, height: 480 });
});

it('is that of the image as it is shown: a photo taken upright is higher than wide', () => {
  expect(imageSizeOf('image/jpeg', jpeg(640, 480, 6))).toEqual({ width: 480, height: 640 });
});

it.each([
  ['an image by its name only', 'image/png', Buffer.from('no image at all')],
  ['nothing', 'image/png', Buffer.alloc(0)],
  ['a cut header', 'image/png', png(640, 480).subarray(0, 18)],
  ['no width', 'image/png', png(0, 480)],
  ['an image that browsers run scripts of', 'image/svg+xml', Buffer.from('<svg width="5" height="5"/>')],
  ['a file that does not say that it is an image', 'application/pdf', png(640, 480)],
])('is left out of %s', (_what, contentType, head) => {
  expect(imageSizeOf(contentType, head)).toBeUndefined();
});
