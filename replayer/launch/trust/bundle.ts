/**
 * What the build is to trust: what the system trusts, what the user's variables add, and our own CA, in the formats that
 * programs read. Variables such as SSL_CERT_FILE replace the system's certificates, so that naming our CA alone would cut off
 * everything else.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { temporaryFolder } from '../temporary-folder';
import { certificateFolders, makeHashedFolder } from './hashed-folder';
import { javaKeyStore } from './java-key-store';

/** Where distributions keep their bundle (the list of Go's crypto/x509, root_linux.go). */
export const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

export interface Trust {
  /** PEM, the whole of it. */
  readonly bundle: string;
  /** A key store of Java with the same certificates. */
  readonly javaStore: string;
  /** A folder of settings for PHP that names the bundle. */
  readonly phpFolder: string;
  /** The certificates one by one, by the names OpenSSL looks them up by. */
  readonly hashedFolder: string;
  remove(): void;
}

/** Writes the files into a folder of their own. There is no secret in them, and a program may change its user before it reads them. */
export function writeTrust(certificate: string, inherited: NodeJS.ProcessEnv): Trust {
  const own = inherited.SSL_CERT_FILE;
  const system = firstReadable(own === undefined ? systemBundles : [own, ...systemBundles]);
  const extra = firstReadable([inherited.NODE_EXTRA_CA_CERTS ?? '']);
  const parts = [certificate, system ?? rootCertificates.join('\n'), extra ?? ''];
  const text = parts.filter((part) => part !== '').join('\n');
  const folder = temporaryFolder('wiretape-trust-');
  chmodSync(folder.path, 0o755);
  const bundle = join(folder.path, 'bundle.pem');
  const javaStore = join(folder.path, 'cacerts');
  const phpFolder = join(folder.path, 'php');
  const hashedFolder = join(folder.path, 'certs');
  makeHashedFolder(hashedFolder, { certificate, folders: certificateFolders(inherited) });
  mkdirSync(phpFolder, { mode: 0o755 });
  writeFileSync(bundle, text, { mode: 0o644 });
  writeFileSync(javaStore, javaKeyStore(text), { mode: 0o644 });
  const settings = `curl.cainfo = "${bundle}"\nopenssl.cafile = "${bundle}"\n`;
  writeFileSync(join(phpFolder, 'wiretape.ini'), settings, { mode: 0o644 });
  return { bundle, javaStore, phpFolder, hashedFolder, remove: folder.remove };
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
