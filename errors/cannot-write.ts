/** The refusal of a file that somebody asked to have written. */
import { WiretapeError } from './wiretape-error';

/** FILE_UNREADABLE, with what the system said. */
export function cannotWrite(file: string, cause: unknown, remedy: string): WiretapeError {
  const code = (cause as NodeJS.ErrnoException).code;
  return new WiretapeError('FILE_UNREADABLE', `Cannot write ${file}: ${code}`, { remedy, cause });
}
