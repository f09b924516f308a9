/** Puts the authority's certificate where clients can be pointed at it: 0600, in a folder of its own unless a path is given. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cannotWrite } from '../../../errors/cannot-write';
import { temporaryFolder } from '../../launch/temporary-folder';

export interface CaFile {
  readonly path: string;
  /** Removes what was made for this server; a file at a path that was asked for stays. */
  remove(): void;
}

/** Throws FILE_UNREADABLE where the path cannot be written. */
export function writeCaFile(certificate: string, path: string | null): CaFile {
  if (path === null) {
    const folder = temporaryFolder('wiretape-ca-');
    const file = join(folder.path, 'ca.pem');
    writeFileSync(file, certificate, { mode: 0o600 });
    return { path: file, remove: folder.remove };
  }
  try {
    writeFileSync(path, certificate, { mode: 0o600 });
  } catch (cause) {
    throw cannotWrite(path, cause, 'Give a path in a folder that you may write to:  --ca-out ./ca.pem');
  }
  return { path, remove: () => {} };
}
