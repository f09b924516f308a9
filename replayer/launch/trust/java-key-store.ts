/**
 * Certificates as a key store of Java (JKS, version 2: sun.security.provider.JavaKeyStore), which every Java from 1.2 on reads,
 * also where PKCS12 is expected, and without its password. Pure.
 */
import { createHash } from 'node:crypto';

/** Of every Java's own store. */
export const javaStorePassword = 'changeit';

const magic = 0xfeedfeed;
const version = 2;
const trustedCertificate = 2;

/** `pem` holds certificates one after another; what lies between them is passed over. */
export function javaKeyStore(pem: string): Buffer {
  const certificates = [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)];
  const entries = certificates.flatMap(([, base64 = ''], i) => {
    const der = Buffer.from(base64, 'base64');
    return [word(trustedCertificate), text(`wiretape-${i}`), Buffer.alloc(8), text('X.509'), word(der.length), der];
  });
  const store = Buffer.concat([word(magic), word(version), word(certificates.length), ...entries]);
  return Buffer.concat([store, digestOf(store)]);
}

/** Ties the store to its password: a check for those who give it, no protection. */
function digestOf(store: Buffer): Buffer {
  const password = Buffer.from(javaStorePassword, 'utf16le').swap16();
  return createHash('sha1').update(password).update('Mighty Aphrodite').update(store).digest();
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'ascii');
  return Buffer.concat([Buffer.from([0, bytes.length]), bytes]);
}
