/**
 * Reads TLS 1.2 and 1.3 out of the ordered bytes of both directions, with the secrets of a key log. What was said before
 * the secrets apply (hellos) is followed for their sake alone. After a hole the number of a record is not known any more,
 * so the rest of that direction is counted and not read.
 */
import type { HandshakeFacts } from '../../../../tape/model/connection-facts';
import { type Agreed, answerIn, type ClientHello, helloIn, onlyOffer } from '../../tls-hello';
import { suiteName, versionOf } from '../../tls-names';
import { nextSecret, type Opener, openerOfTls13, openersOfTls12, type Suite, suiteOf } from './cipher';
import type { KeyLog } from './key-log';

export interface TlsOptions {
  readonly keys: KeyLog;
  /** Once, before the first plaintext and once it is known what was agreed on. */
  onOpened(atUs: number, agreed: Agreed, serverName: string | null): void;
  onData(isFromClient: boolean, bytes: Uint8Array, atUs: number): void;
  /** Bytes that do not open: sizes are those of their records. */
  onGap(isFromClient: boolean, size: number, atUs: number): void;
}

/** A record of a handshake, of any version since SSL 3.0, with a ClientHello in it. */
export function beginsTls(bytes: Uint8Array): boolean {
  return bytes[0] === 22 && bytes[1] === 3 && (bytes[2] ?? 9) <= 4 && (bytes[5] ?? 1) === 1;
}

const changeCipherSpec = 20;
const handshake = 22;
const applicationData = 23;
const [clientHello, serverHello, encryptedExtensions, finished, keyUpdate] = [1, 2, 8, 20, 24];
const headerBytes = 5;
/** The largest record there may be, with what sealing adds (RFC 5246 6.2.3). */
const longestRecord = 16384 + 2048;
/** Handshakes hold chains of certificates, and no more. */
const longestHandshake = 256 * 1024;

/** SHA-256 of "HelloRetryRequest": a ServerHello with it only asks for another ClientHello (RFC 8446 4.1.3). */
const retryRandom = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

interface Side {
  readonly isClient: boolean;
  pending: Buffer;
  /** Handshake bytes whose message is not whole yet. */
  messages: Buffer;
  opener: Opener | null;
  /** Of TLS 1.2: what its ChangeCipherSpec puts in force. */
  next: Opener | null;
  /** Of TLS 1.3: the secret in force, for updates of keys. */
  secret: Buffer | null;
  isLost: boolean;
}

export class TlsConversation {
  /** Whether its plaintext can be told. */
  isRead = false;
  /** Whether the hellos told all that there is to tell. */
  isSettled = false;
  private readonly client: Side = sideOf(true);
  private readonly server: Side = sideOf(false);
  private clientRandom: Buffer | null = null;
  private suite: Suite | null = null;
  private isTls13 = false;
  private said: ClientHello = { offers: [], serverName: null };
  /** Undefined where the server's choice was not seen. */
  private answer: Agreed | undefined;
  private chosen: { readonly version: string | null; readonly cipher: string | null } | null = null;
  private helloAtUs: number | null = null;
  private tookUs: number | null = null;
  /** When it could be read, until that is told. */
  private openedAtUs: number | null = null;

  constructor(private readonly options: TlsOptions) {}

  /** What the server chose, else the only thing there was to choose. */
  get agreed(): Agreed {
    return this.answer === undefined ? onlyOffer(this.said.offers) : this.answer;
  }

  /** The host the client asked for; null where it named none. */
  get serverName(): string | null {
    return this.said.serverName;
  }

  /** What the hellos said so far; null before the client's. */
  get facts(): HandshakeFacts | null {
    if (this.helloAtUs === null) return null;
    const { version = null, cipher = null } = this.chosen ?? {};
    return { version, cipher, offered: this.said.offers, agreed: this.answer ?? null, tookUs: this.tookUs };
  }

  data(isFromClient: boolean, bytes: Uint8Array, atUs: number): void {
    const side = isFromClient ? this.client : this.server;
    if (side.isLost) {
      this.lose(side, bytes.length, atUs);
      return;
    }
    side.pending = Buffer.concat([side.pending, bytes]);
    for (let length = recordLength(side.pending); length !== null; length = recordLength(side.pending)) {
      const record = side.pending.subarray(0, length);
      side.pending = side.pending.subarray(length);
      this.record(side, record, atUs);
    }
    if (!isSound(side.pending)) this.giveUp(side, side.pending.length, atUs);
  }

  gap(isFromClient: boolean, size: number, atUs: number): void {
    const side = isFromClient ? this.client : this.server;
    this.giveUp(side, side.pending.length + size, atUs);
  }

  private giveUp(side: Side, size: number, atUs: number): void {
    side.isLost = true;
    side.pending = empty;
    this.lose(side, size, atUs);
  }

  private lose(side: Side, size: number, atUs: number): void {
    if (!this.isRead || size === 0) return;
    this.tellOpened();
    this.options.onGap(side.isClient, size, atUs);
  }

  private record(side: Side, record: Buffer, atUs: number): void {
    const type = record.readUInt8(0);
    const content = record.subarray(headerBytes);
    if (type === applicationData && side.isClient && this.chosen !== null && this.helloAtUs !== null)
      this.tookUs ??= Math.max(0, atUs - this.helloAtUs);
    if (type === changeCipherSpec) {
      if (!this.isTls13 && side.next !== null) side.opener = side.next;
      return;
    }
    if (side.opener === null) {
      if (type === handshake) this.handshake(side, content, atUs);
      return;
    }
    // Records of TLS 1.3 that are sealed look like data, all of them; others are alerts from before.
    if (this.isTls13 && type !== applicationData) return;
    const plain = side.opener.open(record.subarray(0, headerBytes), content);
    if (plain === null) this.giveUp(side, record.length, atUs);
    else if (this.isTls13) this.inner(side, plain, atUs);
    else this.opened(side, type, plain, atUs);
  }

  /** The type of the content stands behind it, then padding of zeros (RFC 8446 5.2). */
  private inner(side: Side, plain: Buffer, atUs: number): void {
    let end = plain.length;
    while (end > 0 && plain[end - 1] === 0) end--;
    if (end > 0) this.opened(side, plain.readUInt8(end - 1), plain.subarray(0, end - 1), atUs);
  }

  private opened(side: Side, type: number, plain: Buffer, atUs: number): void {
    if (type === applicationData && plain.length > 0) {
      this.tellOpened();
      this.options.onData(side.isClient, plain, atUs);
    }
    if (type === handshake && this.isTls13) this.handshake(side, plain, atUs);
  }

  private handshake(side: Side, bytes: Buffer, atUs: number): void {
    side.messages = Buffer.concat([side.messages, bytes]);
    while (side.messages.length >= 4) {
      const length = 4 + side.messages.readUIntBE(1, 3);
      if (length > longestHandshake) this.giveUp(side, 0, atUs);
      if (side.isLost || side.messages.length < length) return;
      const message = side.messages.subarray(0, length);
      side.messages = side.messages.subarray(length);
      this.message(side, message.readUInt8(0), message.subarray(4), atUs);
    }
  }

  private message(side: Side, type: number, body: Buffer, atUs: number): void {
    if (type === clientHello && side.isClient && body.length >= 34) this.clientSays(body, atUs);
    else if (type === serverHello && !side.isClient) this.hello(body, atUs);
    else if (type === encryptedExtensions && this.isTls13) this.answered(body);
    else if (type === finished && this.isTls13) this.use(side, 'TRAFFIC_SECRET_0');
    else if (type === keyUpdate && this.isTls13) this.update(side);
  }

  private clientSays(hello: Buffer, atUs: number): void {
    this.helloAtUs ??= atUs;
    this.clientRandom ??= hello.subarray(2, 34);
    this.said = helloIn(hello);
  }

  /** A server that answers nothing to offers takes none of them up. */
  private answered(extensions: Buffer): void {
    this.answer = answerIn(extensions);
    this.tellOpened();
  }

  private hello(body: Buffer, atUs: number): void {
    if (body.length < 38 || this.clientRandom === null) return;
    const random = body.subarray(2, 34);
    const afterId = 35 + body.readUInt8(34);
    if (random.equals(retryRandom) || afterId + 3 > body.length) return;
    this.isSettled = true;
    const suite = body.readUInt16BE(afterId);
    this.suite = suiteOf(suite);
    this.isTls13 = isTls13(body.subarray(afterId + 3));
    const version = this.isTls13 ? '1.3' : versionOf(body.readUInt16BE(0), suite);
    this.chosen = { version, cipher: suiteName(suite) };
    if (this.isTls13) this.beginTls13(atUs);
    else {
      this.beginTls12(this.clientRandom, random, atUs);
      this.answered(body.subarray(afterId + 3));
    }
  }

  private beginTls13(atUs: number): void {
    const isKnown = [this.client, this.server].every((side) => this.secretOf(side, 'TRAFFIC_SECRET_0') !== null);
    if (this.suite === null || !isKnown) return;
    this.use(this.client, 'HANDSHAKE_TRAFFIC_SECRET');
    this.use(this.server, 'HANDSHAKE_TRAFFIC_SECRET');
    if (this.client.opener === null || this.server.opener === null) return;
    this.begin(atUs);
  }

  private beginTls12(client: Buffer, server: Buffer, atUs: number): void {
    const master = this.options.keys.find('CLIENT_RANDOM', client);
    if (this.suite === null || master === null) return;
    const openers = openersOfTls12(this.suite, master, { client, server });
    this.client.next = openers.client;
    this.server.next = openers.server;
    this.begin(atUs);
  }

  private begin(atUs: number): void {
    this.isRead = true;
    this.openedAtUs = atUs;
  }

  private tellOpened(): void {
    if (this.openedAtUs === null) return;
    const atUs = this.openedAtUs;
    this.openedAtUs = null;
    this.options.onOpened(atUs, this.agreed, this.serverName);
  }

  private use(side: Side, label: string): void {
    const secret = this.secretOf(side, label);
    if (this.suite === null || secret === null) return;
    side.secret = secret;
    side.opener = openerOfTls13(this.suite, secret);
  }

  private update(side: Side): void {
    if (this.suite === null || side.secret === null) return;
    side.secret = nextSecret(this.suite, side.secret);
    side.opener = openerOfTls13(this.suite, side.secret);
  }

  /** `CLIENT_HANDSHAKE_TRAFFIC_SECRET`, `SERVER_TRAFFIC_SECRET_0`. */
  private secretOf({ isClient }: Side, label: string): Buffer | null {
    if (this.clientRandom === null) return null;
    return this.options.keys.find(`${isClient ? 'CLIENT' : 'SERVER'}_${label}`, this.clientRandom);
  }
}

const empty = Buffer.alloc(0);

function sideOf(isClient: boolean): Side {
  return { isClient, pending: empty, messages: empty, opener: null, next: null, secret: null, isLost: false };
}

/** Null where it is not whole yet. */
function recordLength(bytes: Buffer): number | null {
  if (bytes.length < headerBytes) return null;
  const length = headerBytes + bytes.readUInt16BE(3);
  return length <= bytes.length && isSound(bytes) ? length : null;
}

/** Whether what begins here can be a record. */
function isSound(bytes: Buffer): boolean {
  if (bytes.length < headerBytes) return true;
  const type = bytes.readUInt8(0);
  return type >= changeCipherSpec && type <= applicationData + 1 && bytes.readUInt16BE(3) <= longestRecord;
}

/** The extension supported_versions (43) names 1.3 (0x0304); what stands before the extensions is their length. */
function isTls13(extensions: Buffer): boolean {
  for (let at = 2; at + 4 <= extensions.length; ) {
    const length = extensions.readUInt16BE(at + 2);
    if (extensions.readUInt16BE(at) === 43 && length === 2 && at + 6 <= extensions.length)
      return extensions.readUInt16BE(at + 4) === 0x0304;
    at += 4 + length;
  }
  return false;
}
