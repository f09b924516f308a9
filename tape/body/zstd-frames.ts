/**
 * Tells whether zstd data is there to its end, by walking its frames (RFC 8878 3.1) without decoding them. Needed because
 * Node.js 22 gives what it can decode of data that was cut off, and calls it a success; later lines refuse it.
 */

const frameMagic = 0xfd2fb528;
const isSkippable = (magic: number): boolean => (magic & 0xfffffff0) >>> 0 === 0x184d2a50;

/** True when the last frame ends exactly where the bytes do. False too for what is no zstd data at all. */
export function isWholeZstd(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.length) {
    const end = at + 8 <= bytes.length ? endOfFrame(view, at) : undefined;
    if (end === undefined || end > bytes.length) return false;
    at = end;
  }
  return true;
}

/** Where the frame that begins at `at` ends, perhaps beyond the data; undefined where it cannot be told. */
function endOfFrame(view: DataView, at: number): number | undefined {
  const magic = view.getUint32(at, true);
  if (isSkippable(magic)) return at + 8 + view.getUint32(at + 4, true);
  return magic === frameMagic ? endOfBlocks(view, at + 4) : undefined;
}

/** From the frame header descriptor on: header, blocks up to the last one, checksum (3.1.1.1, 3.1.1.2). */
function endOfBlocks(view: DataView, at: number): number | undefined {
  const descriptor = view.getUint8(at);
  const checksumSize = (descriptor & 0x04) === 0 ? 0 : 4;
  for (let block = at + headerSize(descriptor); block + 3 <= view.byteLength; ) {
    const header = view.getUint16(block, true) | (view.getUint8(block + 2) << 16);
    const isRle = ((header >> 1) & 3) === 1; // one byte stands for the whole block
    block += 3 + (isRle ? 1 : header >> 3);
    if ((header & 1) === 1) return block + checksumSize;
  }
  return undefined;
}

/** Descriptor, window, dictionary id and content size (3.1.1.1.1). */
function headerSize(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSizeFlag = descriptor >> 6;
  const contentSize = contentSizeFlag === 0 ? Number(isSingleSegment) : 1 << contentSizeFlag;
  const dictionarySize = [0, 1, 2, 4][descriptor & 3] ?? 0;
  return 1 + Number(!isSingleSegment) + dictionarySize + contentSize;
}
