/** What is learnt of the handshake of a TLS socket while it goes by: from the client's hello, and what the kernel side read of the server's. */
import type { HandshakeFacts } from '../../../../tape/model/connection-facts';
import { type Agreed, beginsWithHello, helloInRecords, isProtocolName, onlyOffer } from '../../tls-hello';
import { suiteName, versionOf } from '../../tls-names';
import type { DataWire, SealedWire, StreamDirection } from './sockets-and-streams';

export interface Handshake {
  /** The direction of the client's hello, and when it was there; null where it was not seen. */
  readonly hello: { readonly direction: StreamDirection; readonly atNs: number } | null;
  readonly offered: readonly string[] | null;
  readonly serverName: string | null;
  version: string | null;
  cipher: string | null;
  tookUs: number | null;
  /** What the library told its program that was agreed on. */
  agreed: Agreed;
  /** Something of it was not told yet. */
  isNews: boolean;
}

/** `first` is what went by before it was clear that it is TLS: the client's hello, as a rule. */
export function beginHandshake(first: readonly DataWire[], client: StreamDirection | null): Handshake {
  const bytes = Buffer.concat(first.map((event) => event.bytes));
  const [event] = first;
  const isHello = client !== null && event?.direction === client && beginsWithHello(bytes);
  const { offers, serverName } = helloInRecords(bytes);
  return {
    hello: isHello ? { direction: client, atNs: event.atNs } : null,
    offered: isHello ? offers : null,
    serverName,
    version: null,
    cipher: null,
    tookUs: null,
    agreed: null,
    isNews: isHello,
  };
}

/**
 * A sealed record of the client's after its server's hello ends the handshake: its Finished in TLS 1.3, before that the first
 * it has to say. True where it did.
 */
export function takeIntoHandshake(handshake: Handshake, event: SealedWire): boolean {
  const { hello } = handshake;
  if (event.cipher === 0) return false;
  if (handshake.cipher === null) {
    handshake.cipher = suiteName(event.cipher);
    handshake.version = versionOf(event.version, event.cipher);
    handshake.isNews = true;
  }
  if (hello === null || handshake.tookUs !== null) return false;
  if (event.direction !== hello.direction || event.added.records === 0) return false;
  handshake.tookUs = Math.max(0, Math.round((event.atNs - hello.atNs) / 1000));
  handshake.isNews = true;
  return true;
}

/** The first answer counts; one that the client had not offered is of another stream, such as one within this one. */
export function learnAgreed(handshake: Handshake, agreed: Agreed): void {
  const { offered } = handshake;
  if (agreed === null || handshake.agreed !== null || !isProtocolName(agreed)) return;
  if (offered !== null && !offered.includes(agreed)) return;
  handshake.agreed = agreed;
  handshake.isNews = true;
}

/** What TLS is said to carry: a single offer is an answer as well. */
export function spokenIn({ agreed, offered }: Handshake): Agreed {
  return agreed ?? onlyOffer(offered ?? []);
}

export function factsOf({ version, cipher, offered, agreed, tookUs }: Handshake): HandshakeFacts {
  return { version, cipher, offered, agreed, tookUs };
}
