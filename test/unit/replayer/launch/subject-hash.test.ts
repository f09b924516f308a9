/** The name OpenSSL looks for, held against what the machine's OpenSSL made of the certificates it came with. */
import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { subjectHash } from '../../../../replayer/launch/trust/subject-hash';
import { always, createAuthority } from '../../../../replayer/mocks/front/certificates';

const certificates = [createAuthority({ valid: always }).certificate, ...rootCertificates];
const subject = (pem: string): string => new X509Certificate(pem).subject.replaceAll('\n', ', ');

const openssl = spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0 ? it : it.skip;

openssl('is that of OpenSSL for our own certificate and for every root that Node.js has', () => {
  const told = certificates.map((pem) => {
    const hash = execFileSync('openssl', ['x509', '-noout', '-subject_hash'], { input: pem, encoding: 'utf8' });
    return `${hash.trim()} ${subject(pem)}`;
  });
  expect(certificates.map((pem) => `${subjectHash(pem)} ${subject(pem)}`)).toEqual(told);
});

/** As they stand in folders of certificates everywhere. */
it.each([
  ['ISRG Root X1', '4042bcee'],
  ['GlobalSign Root R46', '002c0b4f'],
])('is as folders have it for %s', (name, hash) => {
  const pem = rootCertificates.find((each) => subject(each).includes(`CN=${name}`));
  expect(pem === undefined ? hash : subjectHash(pem)).toBe(hash);
});
