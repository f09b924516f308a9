/** What SQLite and the file system say, as errors a person can act on. */
import { WiretapeError } from '../../../errors/wiretape-error';
import { UnbelievableContent } from '../../model/packed-fields';

type CodedError = Error & { readonly code?: string };

/** Turns an error of better-sqlite3 or node:fs into ours; our own pass unchanged. */
export function tapeError(thrown: unknown, path: string, tried: 'read' | 'write'): WiretapeError {
  if (thrown instanceof WiretapeError) return thrown;
  const cause = thrown as CodedError;
  const code = cause.code ?? '';
  if (thrown instanceof UnbelievableContent) return unbelievable(path, thrown.message);
  if (tried === 'read' && isUnreadableContent(cause)) return damaged(path, tried, cause);
  const fits = table.find(([pattern]) => pattern.test(code));
  return fits === undefined
    ? new WiretapeError('INTERNAL', `Cannot ${tried} ${path}: ${cause.message}`, {
        cause,
        remedy: 'This is a fault of wiretape: please report it',
      })
    : fits[1](path, tried, cause);
}

/** SQLite reads on, and what stands in a column is no JSON, or a body does not unpack. */
function isUnreadableContent(cause: CodedError): boolean {
  return cause instanceof SyntaxError || /^(Z_|ZSTD_)/.test(cause.code ?? '');
}

type Maker = (path: string, tried: 'read' | 'write', cause: CodedError) => WiretapeError;

const table: readonly (readonly [RegExp, Maker])[] = [
  [/^SQLITE_(CORRUPT|NOTADB|FORMAT|TOOBIG)/, damaged],
  [/^SQLITE_(BUSY|LOCKED)/, (path, _tried, cause) => busy(path, 'another process holds a lock on it', cause)],
  [/^(SQLITE_FULL|ENOSPC|EDQUOT|EFBIG)/, (path, _tried, cause) => full(path, cause)],
  [/^SQLITE_IOERR/, (path, tried, cause) => (tried === 'write' ? full(path, cause) : unreadable(path, cause))],
  [/^(SQLITE_(CANTOPEN|READONLY|PERM|AUTH)|E[A-Z]+$)/, (path, _tried, cause) => unreadable(path, cause)],
];

export function missing(path: string): WiretapeError {
  return new WiretapeError('TAPE_MISSING', `There is no tape at ${path}`, {
    remedy: ['Give the path of a tape', `or record one:  wiretape record -o ${path} --port 8080`],
  });
}

export function foreign(path: string, seen: string): WiretapeError {
  return new WiretapeError('TAPE_FOREIGN', `${path} is not a wiretape tape`, {
    seen: [seen],
    remedy: 'Give the path of a file that `wiretape record` wrote; this one is left as it is',
  });
}

export function newer(path: string, versions: { readonly seen: number; readonly known: number }): WiretapeError {
  return new WiretapeError('TAPE_NEWER', `${path} was written by a newer wiretape`, {
    seen: [`tape version ${versions.seen}; this wiretape knows versions up to ${versions.known}`],
    remedy: 'Update wiretape:  npm install wiretape@latest',
  });
}

export function busy(path: string, why: string, cause?: unknown): WiretapeError {
  return new WiretapeError('TAPE_BUSY', `Cannot write ${path}: ${why}`, {
    cause,
    remedy: ['Wait until it ends, or end it', 'or record to another file:  -o other.tape'],
  });
}

export function full(path: string, cause: CodedError): WiretapeError {
  return new WiretapeError('TAPE_FULL', `Cannot write ${path}: the disk is full, or refuses to be written`, {
    cause,
    seen: [cause.message],
    remedy: ['Make room and record again: what was recorded until now is kept', 'or set a limit:  --max-size 1GiB'],
  });
}

export function unreadable(path: string, cause: CodedError): WiretapeError {
  return new WiretapeError('TAPE_UNREADABLE', `Cannot open ${path}`, {
    cause,
    seen: [cause.message],
    remedy: `Look at who may read it:  ls -l ${path}  (tapes are made for their owner only; sudo chown $USER ${path})`,
  });
}

export function damaged(path: string, _tried: 'read' | 'write', cause: CodedError): WiretapeError {
  return new WiretapeError('TAPE_DAMAGED', `${path} is damaged`, {
    cause,
    seen: [cause.message],
    remedy: `Save what can be read:  sqlite3 ${path} .recover | sqlite3 saved.tape`,
  });
}

/** A file that traffic may not be written to; `reason` says whose it is, or who may read it. */
export function unsafe(path: string, reason: string): WiretapeError {
  return new WiretapeError('TAPE_UNSAFE', `Cannot record to ${path}: it would not be for its owner alone`, {
    seen: [reason],
    remedy: [
      'Record to a new file:  -o other.tape',
      `or make it yours alone:  chown "$(id -u)" ${path}; chmod 600 ${path}`,
    ],
  });
}

/** A tape whose tables are not those that wiretape makes: what they would give back is not what was recorded. */
export function altered(path: string, seen: readonly string[]): WiretapeError {
  return new WiretapeError('TAPE_DAMAGED', `${path} is not as wiretape made it`, {
    seen,
    remedy: 'Take the tape from where it was recorded; one that was changed afterwards is not believed',
  });
}

/** A cell that cannot be what was recorded. */
function unbelievable(path: string, seen: string): WiretapeError {
  return new WiretapeError('TAPE_DAMAGED', `${path} is damaged`, {
    seen: [seen],
    remedy: `Look at the other exchanges:  wiretape ls ${path}  or take the tape from where it was recorded`,
  });
}

/** The file was taken away under the recording; `kept` says where its rows are, or why they are lost. */
export function gone(path: string, fate: 'deleted' | 'replaced', kept: string): WiretapeError {
  return new WiretapeError('TAPE_GONE', `${path} was ${fate} while it was recorded`, {
    seen: [kept],
    remedy: 'Record again, and leave the file where it is until the recording has ended',
  });
}
