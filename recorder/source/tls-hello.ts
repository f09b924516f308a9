/**
 * What the hellos of TLS say before anything is sealed: the host a client asks for (server_name, RFC 6066 3), and the protocols
 * within (ALPN, RFC 7301) that it offers and its server chose. In TLS 1.3 the choice is sealed, and only who has the secrets
 * sees it. Never throws on input.
 */

/** As TLS writes it: `h2`, `http/1.1`; null where nobody can tell. */
export type Agreed = string | null;

export interface ClientHello {
  readonly offers: readonly string[];
  /** As the client wrote it, in lower case; null where it named none, as clients that ask for an address do. */
  readonly serverName: string | null;
}

const nothingSaid: ClientHello = { offers: [], serverName: null };

const serverName = 0;
const alpn = 16;
const hostName = 0;
const handshakeRecord = 22;
const clientHello = 1;
const recordHeader = 5;
const messageHeader = 4;

/** Names are bytes; those that are no plain words say nothing to anybody (RFC 8701 has clients offer such). */
export function isProtocolName(name: string): boolean {
  return /^[!-~]{1,64}$/.test(name);
}

/** One offer says what is spoken; of several nobody knows which was taken. */
export function onlyOffer(offers: readonly string[]): Agreed {
  return offers.length === 1 ? (offers[0] ?? null) : null;
}

/** Whether the first record of a connection holds the beginning of a ClientHello. */
export function beginsWithHello(bytes: Uint8Array): boolean {
  return bytes[0] === handshakeRecord && bytes[recordHeader] === clientHello;
}

/** Of the first bytes of a connection: records with a ClientHello in them. Nothing is said where there are none. */
export function helloInRecords(bytes: Uint8Array): ClientHello {
  const message = handshakeIn(asBuffer(bytes));
  if (message.length < messageHeader || message[0] !== clientHello) return nothingSaid;
  return helloIn(message.subarray(messageHeader, messageHeader + message.readUIntBE(1, 3)));
}

/** `hello` is the body of a ClientHello (RFC 8446 4.1.2). */
export function helloIn(hello: Uint8Array): ClientHello {
  const body = asBuffer(hello);
  const suites = afterVector(body, 34, 1);
  const methods = suites === null ? null : afterVector(body, suites, 2);
  const start = methods === null ? null : afterVector(body, methods, 1);
  if (start === null) return nothingSaid;
  const extensions = body.subarray(start);
  return { offers: namesIn(extensions), serverName: hostIn(extension(extensions, serverName)) };
}

/** Of the extensions of a ServerHello of TLS 1.2, or of EncryptedExtensions: a list that begins with its length. */
export function answerIn(extensions: Uint8Array): Agreed {
  return namesIn(asBuffer(extensions))[0] ?? null;
}

/** Where what follows a vector begins, whose length is written in so many bytes; null where it does not end in there. */
function afterVector(body: Buffer, at: number, lengthBytes: number): number | null {
  if (at + lengthBytes > body.length) return null;
  const end = at + lengthBytes + body.readUIntBE(at, lengthBytes);
  return end <= body.length ? end : null;
}

function namesIn(extensions: Buffer): readonly string[] {
  const list = extension(extensions, alpn);
  return list === null ? [] : listIn(list);
}

/** What one of the extensions holds, which begin with the length of all; null where it is not whole in there. */
function extension(extensions: Buffer, wanted: number): Buffer | null {
  for (let at = 2; at + 4 <= extensions.length; ) {
    const end = afterVector(extensions, at + 2, 2);
    if (end === null) return null;
    if (extensions.readUInt16BE(at) === wanted) return extensions.subarray(at + 4, end);
    at = end;
  }
  return null;
}

/** The first of a list of names, whose only kind there is is that of a host. Other bytes than names are made of say nothing. */
function hostIn(list: Buffer | null): string | null {
  if (list === null || list.length < 5 || list[2] !== hostName) return null;
  const end = afterVector(list, 3, 2);
  const name = end === null ? '' : list.toString('latin1', 5, end);
  return /^[\w.-]{1,253}$/.test(name) ? name.toLowerCase() : null;
}

function listIn(list: Buffer): readonly string[] {
  const names: string[] = [];
  for (let at = 2; at < list.length; ) {
    const end = afterVector(list, at, 1);
    if (end === null) break;
    const name = list.toString('latin1', at + 1, end);
    if (isProtocolName(name)) names.push(name);
    at = end;
  }
  return names;
}

/** What the records of a handshake hold, put together, as far as it is there. */
function handshakeIn(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at + recordHeader <= bytes.length && bytes[at] === handshakeRecord; ) {
    const end = at + recordHeader + bytes.readUInt16BE(at + 3);
    pieces.push(bytes.subarray(at + recordHeader, end));
    at = end;
  }
  return Buffer.concat(pieces);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
