/**
 * Keys and password hashes that are known by how their encoding begins: DER in base64 without the lines of PEM around it,
 * OpenSSH's own form, a token that was encoded once more, and hashes in the notation of crypt(3) (from whose
 * output a password can be guessed without the service noticing).
 */
import { known, knownLoose, type Pattern } from './format-row';

/** What base64 makes of the first bytes: a SEQUENCE of a known length, the version, the algorithm's identifier. */
const derBeginnings = [
  'MII[\\w+/]{2}[AQgw]IBADANBgkqhkiG9w0B', // PKCS #8, RSA (RFC 5208; 1.2.840.113549.1.1.1)
  'MII[\\w+/]{2}[AQgw]IBAAK(?:CA|BgQ)', // PKCS #1 (RFC 8017 A.1.2)
  'MI(?:GHAgEAMBMG|G2AgEAMBAG|HuAgEAMBAG)ByqGSM49AgEG', // PKCS #8, elliptic curves
  'MC4CAQAwBQYDK2V', // PKCS #8, Ed25519 and X25519 (RFC 8410)
  '(?:MHcCAQEEI|MIGkAgEBBD|MIHcAgEBBEI)', // SEC 1 elliptic curves (RFC 5915)
  'b3BlbnNzaC1rZXktdjE', // openssh-key-v1
];

const encoded = derBeginnings.map((beginning) => known('private-key', beginning, '[\\w+/=\\\\\\r\\n]', 40));

const hashes: readonly Pattern[] = [
  known('password-hash', '\\$2[abxy]\\$\\d\\d\\$', '[0-9A-Za-z./]', 53), // bcrypt
  known('password-hash', '\\$argon2(?:id|i|d)\\$', '[\\w$=,+/.-]', 40),
  knownLoose('password-hash', '\\$(?:6|5|y|7|gy)\\$', '[\\w$=./]', 40), // SHA-crypt, yescrypt, scrypt
  knownLoose('password-hash', '\\$(?:1|apr1|P|H)\\$', '[0-9A-Za-z./$]', 24), // MD5-crypt, phpass
  known('password-hash', '\\$(?:scrypt|pbkdf2(?:-sha(?:1|256|512))?)\\$', '[\\w$=,+/.-]', 30), // passlib
  known('password-hash', 'pbkdf2_sha(?:1|256|512)\\$', '[\\w$=+/.-]', 40), // Django
  known('password-hash', '\\{S?SHA(?:256|384|512)?\\}', '[0-9A-Za-z+/=]', 28), // LDAP (RFC 2307)
];

export const keyMaterial: readonly Pattern[] = [
  ...encoded,
  known('jwt-base64', 'ZXlK(?=[0-9A-Za-z]{12})', '[\\w+/=-]', 60),
  known('grafana-token', 'eyJrIjoi', '[0-9A-Za-z=]', 60),
  ...hashes,
];
