/** What is known of a connection besides its ends: how its name was found, what TLS agreed on, what the kernel measured. */

/** How the name of a peer was found. Words travel to the tape: never reuse one. docs/tape-format.md lists the same. */
export const nameSourceWords = {
  dns: 'the last answer of a DNS server that gave its process this address, for the name that was asked',
  resolved: 'the same of systemd-resolved, asked over its own socket',
  hosts:
    'the only name that /etc/hosts, as its process sees it, had for this address; whether it was asked is not known',
} as const;
export type NameSource = keyof typeof nameSourceWords;

export function isNameSource(word: string): word is NameSource {
  return Object.hasOwn(nameSourceWords, word);
}

/** The host whose address was connected to. */
export interface HostName {
  /** In lower case, without a dot at its end. */
  readonly name: string;
  readonly source: NameSource;
}

/** What the hellos of TLS said; null is what was not seen. */
export interface HandshakeFacts {
  /** `1.3`, `1.2`, `1.1`, `1.0` */
  readonly version: string | null;
  /** As IANA names it; `0x1234` where it is none of the usual ones. */
  readonly cipher: string | null;
  /** What the client offered to speak within (ALPN), in its order; empty where it offered nothing. */
  readonly offered: readonly string[] | null;
  /** What the server chose of it, where that could be read. */
  readonly agreed: string | null;
  /** From the client's hello to its first record after the handshake messages that are not sealed. */
  readonly tookUs: number | null;
}

/** What passed on a connection, and what TCP measured of it, by its end or that of the recording. */
export interface TransportFacts {
  /** Bytes of the socket, TLS and all, since the connection was first seen. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Smoothed; null where none was timed, and of unix sockets. */
  readonly roundTripUs: number | null;
  /** Segments that were sent again; null of unix sockets. */
  readonly retransmits: number | null;
  /** In segments; null where no round trip was timed, and of unix sockets. */
  readonly congestionWindow: number | null;
}
