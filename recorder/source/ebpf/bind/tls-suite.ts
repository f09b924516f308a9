/** What a TLS cipher suite adds to the plaintext of each record. Facts of the RFCs; knows no connection. */

export interface SuiteFacts {
  /** TLS 1.3 hides handshake messages in records of application data (RFC 8446 5.2). */
  readonly hidesHandshake: boolean;
  /** Bytes a record has beyond its plaintext, header not counted. The two differ where padding varies (CBC). */
  readonly overheadLeast: number;
  readonly overheadMost: number;
  /** Length of the record that holds a Finished message: 4 + the hash + the overhead. 0 before TLS 1.3. */
  readonly finishedLength: number;
}

/** TLS 1.3: one byte of content type and the tag of the AEAD (RFC 8446 5.2, B.4; RFC 6655 for the short one). */
const tls13: Readonly<Record<number, readonly [hash: number, tag: number]>> = {
  4865: [32, 16], // TLS_AES_128_GCM_SHA256
  4866: [48, 16], // TLS_AES_256_GCM_SHA384
  4867: [32, 16], // TLS_CHACHA20_POLY1305_SHA256
  4868: [32, 16], // TLS_AES_128_CCM_SHA256
  4869: [32, 8], // TLS_AES_128_CCM_8_SHA256
};

/** Lengths of records that hold a Finished message, where the suite is not known. */
export const finishedLengths: readonly number[] = [...new Set(Object.values(tls13).map(finishedLengthOf))];

function finishedLengthOf([hash, tag]: readonly [hash: number, tag: number]): number {
  return 4 + hash + tag + 1;
}

/** TLS 1.2 AEADs: explicit nonce and tag of GCM and CCM (RFC 5288, 6655, 7251), the tag alone of ChaCha20 (RFC 7905). */
function overhead12(suite: number): number | null {
  const isGcm = (suite >= 0x9c && suite <= 0xa7) || (suite >= 0xc02b && suite <= 0xc032);
  if (isGcm) return 24;
  if (suite >= 0xcca8 && suite <= 0xccae) return 16;
  if (suite >= 0xc09c && suite <= 0xc0af) return isShortTag(suite) ? 16 : 24;
  return null;
}

/** c0a0 to c0a3, c0a8 to c0ab and c0ae to c0af are the CCM_8 suites. */
function isShortTag(suite: number): boolean {
  return (suite >= 0xc0a0 && suite <= 0xc0a3) || (suite >= 0xc0a8 && suite <= 0xc0ab) || suite >= 0xc0ae;
}

/** Null for 0: the ServerHello was not seen. */
export function suiteFacts(suite: number): SuiteFacts | null {
  if (suite === 0) return null;
  const known = tls13[suite];
  if (known !== undefined) {
    const [, tag] = known;
    const overhead = tag + 1;
    const finishedLength = finishedLengthOf(known);
    return { hidesHandshake: true, overheadLeast: overhead, overheadMost: overhead, finishedLength };
  }
  const aead = overhead12(suite);
  // A stream cipher adds a MAC of 16 bytes at least; CBC an IV, a MAC of up to 48 and padding of up to 16.
  const [overheadLeast, overheadMost] = aead === null ? [16, 80] : [aead, aead];
  return { hidesHandshake: false, overheadLeast, overheadMost, finishedLength: 0 };
}
