/**
 * A folder of certificates as OpenSSL looks into it, certificate by certificate, by the hash of who it wants: what the
 * system's folders hold, and our CA beside it.
 */
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import { subjectHash } from './subject-hash';

/** Where distributions keep such a folder. */
const systemFolders = ['/etc/ssl/certs', '/etc/pki/tls/certs'];

/** Those that are there: of the variable where it is set, else the system's. */
export function certificateFolders({ SSL_CERT_DIR }: NodeJS.ProcessEnv): readonly string[] {
  const named = SSL_CERT_DIR === undefined || SSL_CERT_DIR === '' ? systemFolders : SSL_CERT_DIR.split(':');
  const found = named.flatMap((folder) => {
    try {
      return lstatSync(realpathSync(folder)).isDirectory() ? [realpathSync(folder)] : [];
    } catch {
      return []; // not on this machine
    }
  });
  return [...new Set(found)];
}

/** Makes `into`, with what `folders` hold. Of two entries of one name the first counts, as for OpenSSL. */
export function makeHashedFolder(
  into: string,
  { certificate, folders }: { certificate: string; folders: readonly string[] },
): void {
  mkdirSync(into, { mode: 0o755 });
  for (const folder of folders) bringOver(folder, folder, into);
  const hash = subjectHash(certificate);
  let n = 0;
  while (existsSync(join(into, `${hash}.${n}`))) n++;
  writeFileSync(join(into, `${hash}.${n}`), certificate, { mode: 0o644 });
}

/** Files of the folder itself are copied, for it may be out of sight: ours may lie over it. Others are linked to. */
function bringOver(folder: string, top: string, into: string): void {
  for (const name of readdirSync(folder)) {
    const to = join(into, name);
    try {
      const from = realpathSync(join(folder, name));
      const isDirectory = lstatSync(from).isDirectory();
      if (existsSync(to)) continue;
      if (!from.startsWith(top + sep)) symlinkSync(from, to);
      else if (!isDirectory) copyFileSync(from, to);
      else {
        mkdirSync(to, { mode: 0o755 });
        bringOver(from, top, to);
      }
    } catch {
      // a link that leads nowhere, or what may not be read: it serves nobody
    }
  }
}
