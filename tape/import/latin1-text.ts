/** Text of files as tapes keep what was on a wire: bytes read as latin1. */

/** True where each character stands for one byte. */
export function isLatin1(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false;
  return true;
}

/** What latin1 cannot hold was UTF-8 on the wire, as far as anybody can tell. */
export function latin1Text(text: string): string {
  return isLatin1(text) ? text : Buffer.from(text).toString('latin1');
}
