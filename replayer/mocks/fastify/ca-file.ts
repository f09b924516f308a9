/** Puts the authority's certificate where clients can be pointed at it: 0600, in a folder of its own unless a path is given. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WiretapeError } from '../../../errors/wiretape-error';

export interface CaFile {
  readonly path: string;
  /** Removes what was made for this server; a file at a path that was asked for stays. */
  remove(): void;
}

/** Throws FILE_UNREADABLE where the path cannot be written. */
export function writeCaFile(certificate: string, path: string | null): CaFile {
  if (path === null) {
    const folder = mkdtempSync(join(tmpdir(), 'wiretape-ca-'));
    const file = join(folder, 'ca.pem');
    writeFileSync(file, certificate, { mode: 0o600 });
    return { path: file, remove: () => rmSync(folder, { recursive: true, force: true }) };
  }
  try {
    writeFileSync(path, certificate, { mode: 0o600 });
  } catch (cause) {
    throw new WiretapeError('FILE_UNREADABLE', `Cannot write ${path}: ${(cause as NodeJS.ErrnoException).code}`, {
      remedy: 'Give a path in a folder that you may write to:  --ca-out ./ca.pem',
      cause,
    });
  }
  return { path, remove: () => {} };
}
