/**
 * One file of certificates to trust: what the system trusts, what the user's variables add, and our own CA. Variables
 * such as SSL_CERT_FILE replace the system's certificates, so that naming our CA alone would cut off everything else.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { temporaryFolder } from './temporary-folder';

/** Where distributions keep their bundle (the list of Go's crypto/x509, root_linux.go). */
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

export interface CaBundle {
  readonly path: string;
  remove(): void;
}

/** Writes the bundle, 0600, in a folder of its own. */
export function writeCaBundle(certificate: string, inherited: NodeJS.ProcessEnv): CaBundle {
  const own = inherited.SSL_CERT_FILE;
  const system = firstReadable(own === undefined ? systemBundles : [own, ...systemBundles]);
  const extra = firstReadable([inherited.NODE_EXTRA_CA_CERTS ?? '']);
  const parts = [certificate, system ?? rootCertificates.join('\n'), extra ?? ''];
  const folder = temporaryFolder('wiretape-trust-');
  const path = join(folder.path, 'bundle.pem');
  writeFileSync(path, parts.filter((part) => part !== '').join('\n'), { mode: 0o600 });
  return { path, remove: folder.remove };
}

function firstReadable(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // not on this distribution: the next one may be
    }
  }
  return undefined;
}
