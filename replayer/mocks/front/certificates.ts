/**
 * A certificate authority that lives as long as the mock server: made at start, its key never leaves memory.
 * It signs one certificate for each host name a client asks for, so that an unchanged HTTPS client that trusts
 * the authority's certificate talks to a mock. It refuses to put anything but a host name or an address in a certificate.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { bits, explicit, implicit, integer, octets, oid, sequence, set, truth, utcTime, utf8 } from './der';

export interface Authority {
  /** The authority's certificate, PEM: what clients must trust. */
  readonly certificate: string;
  /** The key and certificate for a host, made on first use. Hosts that are no host name get one for the local addresses. */
  contextFor(host: string): SecureContext;
}

const dayMs = 24 * 60 * 60 * 1000;
/** A client chooses the names, so their number is bounded; past it they are all forgotten and made again when asked for. */
const maxContexts = 1000;
const localNames = ['localhost', '127.0.0.1', '::1'];
const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));

export interface AuthorityOptions {
  readonly valid: Validity;
  readonly alsoNamed?: readonly string[];
}

export interface Validity {
  readonly from: Date;
  readonly until: Date;
}

/** From a day before `now`, as clocks differ. */
export function aMonthFrom(now: Date): Validity {
  const from = now.getTime() - dayMs;
  return { from: new Date(from), until: new Date(from + 31 * dayMs) };
}

/** For a client that may believe in any day: as far as a certificate can say it in this form (RFC 5280 4.1.2.5.1). */
export const always: Validity = { from: new Date(Date.UTC(2000)), until: new Date(Date.UTC(2050) - 1000) };

/** Makes a fresh ECDSA P-256 authority. */
export function createAuthority(options: AuthorityOptions): Authority {
  const signer = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = nameOf(`wiretape mocks ${randomBytes(4).toString('hex')}`);
  const issuer: Issuer = { name, keys: signer, valid: options.valid };
  const serverKey = server.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const inEach = [...localNames, ...(options.alsoNamed ?? [])];
  const contexts = new Map<string, SecureContext>();
  const make = (host: string): SecureContext => {
    const cert = certificateOf(issuer, {
      subject: nameOf('wiretape mock'),
      publicKey: server.publicKey,
      extensions: serverExtensions(host === '' ? inEach : [host, ...inEach]),
    });
    return createSecureContext({ key: serverKey, cert });
  };
  return {
    certificate: certificateOf(issuer, {
      subject: name,
      publicKey: signer.publicKey,
      extensions: authorityExtensions(),
    }),
    contextFor(host) {
      const wanted = nameable(host);
      const known = contexts.get(wanted);
      if (known !== undefined) return known;
      if (contexts.size >= maxContexts) contexts.clear();
      const context = make(wanted);
      contexts.set(wanted, context);
      return context;
    },
  };
}

interface Issuer {
  readonly name: Buffer;
  readonly keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly valid: Validity;
}

interface Subject {
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

/** RFC 5280 4.1, as PEM. Key identifiers are present because strict verifiers (Python 3.13) insist on them. */
function certificateOf(issuer: Issuer, subject: Subject): string {
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    ecdsaWithSha256,
    issuer.name,
    sequence(utcTime(issuer.valid.from), utcTime(issuer.valid.until)),
    subject.subject,
    spki(subject.publicKey),
    explicit(
      3,
      sequence(
        ...subject.extensions,
        extension('2.5.29.14', octets(keyId(subject.publicKey))),
        extension('2.5.29.35', sequence(implicit(0, keyId(issuer.keys.publicKey)))),
      ),
    ),
  );
  const signature = sign('sha256', body, issuer.keys.privateKey);
  return pem(sequence(body, ecdsaWithSha256, bits(signature)));
}

function authorityExtensions(): Buffer[] {
  const isAuthority = sequence(truth(), integer(Buffer.from([0])));
  const signsCertificates = bits(Buffer.from([0x06]), 1);
  return [critical('2.5.29.19', isAuthority), critical('2.5.29.15', signsCertificates)];
}

function serverExtensions(names: readonly string[]): Buffer[] {
  return [
    critical('2.5.29.19', sequence()),
    critical('2.5.29.15', bits(Buffer.from([0x80]), 7)),
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.17', sequence(...[...new Set(names)].map(generalName))),
  ];
}

/** Host names and addresses only (RFC 5280 4.2.1.6); anything else becomes '', which stands for the local names. */
function nameable(host: string): string {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return isIP(bare) !== 0 || /^[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9])?$/.test(bare) ? bare : '';
}

function generalName(name: string): Buffer {
  const version = isIP(name);
  if (version === 0) return implicit(2, Buffer.from(name, 'ascii'));
  return implicit(7, version === 4 ? Buffer.from(name.split('.').map(Number)) : ipv6Bytes(name));
}

function ipv6Bytes(address: string): Buffer {
  const groups = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1);
  const [head = '', tail] = groups.split('::');
  const words = (text: string): number[] => (text === '' ? [] : text.split(':').map((w) => Number.parseInt(w, 16)));
  const start = words(head);
  const end = words(tail ?? '');
  const middle = tail === undefined ? [] : new Array<number>(8 - start.length - end.length).fill(0);
  return Buffer.from([...start, ...middle, ...end].flatMap((word) => [word >> 8, word & 0xff]));
}

const nameOf = (common: string): Buffer => sequence(set(sequence(oid('2.5.4.3'), utf8(common))));
const extension = (id: string, value: Buffer): Buffer => sequence(oid(id), octets(value));
const critical = (id: string, value: Buffer): Buffer => sequence(oid(id), truth(), octets(value));
const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
/** RFC 5280 4.2.1.2 allows any unique value; the hash of the whole key structure is one. */
const keyId = (key: KeyObject): Buffer => createHash('sha1').update(spki(key)).digest();

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
