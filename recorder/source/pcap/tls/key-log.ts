/** Secrets of TLS sessions, as browsers, curl, OpenSSL and Node.js log them (SSLKEYLOGFILE): a label, the client's random, the secret. */

export class KeyLog {
  private readonly secrets = new Map<string, Buffer>();

  constructor(text: string) {
    this.add(text);
  }

  /** Lines that are no such thing, comments among them, are passed over. */
  add(text: string): void {
    for (const [, label = '', random = '', secret = ''] of text.matchAll(line))
      this.secrets.set(`${label} ${random.toLowerCase()}`, Buffer.from(secret, 'hex'));
  }

  get size(): number {
    return this.secrets.size;
  }

  find(label: string, clientRandom: Buffer): Buffer | null {
    return this.secrets.get(`${label} ${clientRandom.toString('hex')}`) ?? null;
  }
}

const line = /^([A-Z0-9_]+) ([0-9a-fA-F]{64}) ([0-9a-fA-F]{32,256})\s*$/gm;
