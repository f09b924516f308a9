/** Bytes of a text, each as one character: all of them, or a part. */
export function latin1({ buffer, byteOffset, length }: Uint8Array, start = 0, end = length): string {
  return Buffer.from(buffer, byteOffset + start, end - start).toString('latin1');
}
