/** Answers of DNS out of the bytes of a TCP connection, each behind its length (RFC 1035 4.2.2). Holds no more than one. */

const lengthBytes = 2;
const nothing = Buffer.alloc(0);

export class DnsStream {
  private pending: Buffer = nothing;
  private next = 0;
  private isLost = false;

  /** The messages that are whole now. Behind bytes that are missing nobody knows where one begins. */
  take(position: number, bytes: Uint8Array, size: number): readonly Uint8Array[] {
    if (position !== this.next || bytes.length < size) this.isLost = true;
    if (this.isLost) return [];
    this.next += size;
    this.pending = Buffer.concat([this.pending, bytes]);
    const messages: Uint8Array[] = [];
    while (this.pending.length >= lengthBytes) {
      const end = lengthBytes + this.pending.readUInt16BE(0);
      if (end > this.pending.length) break;
      messages.push(this.pending.subarray(lengthBytes, end));
      this.pending = this.pending.subarray(end);
    }
    return messages;
  }
}
