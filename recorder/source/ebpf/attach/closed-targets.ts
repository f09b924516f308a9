/**
 * Refuses targets whose files may not be looked into: without them no TLS library of a process is found, and of its TLS
 * connections nothing but sizes would be recorded. What the user's rights show is tried, not told by capabilities: some
 * kernels show what a process has mapped to CAP_PERFMON, and to the owner of a process anyway.
 */
import { WiretapeError } from '../../../../errors/wiretape-error';
import { openImage } from './mapped-image';
import type { Processes } from './processes';
import type { TargetMatch } from './targets';

const mostNamed = 5;

/** @throws WiretapeError TARGET_CLOSED where a process that runs does not show the files it has mapped. */
export function refuseClosed(found: readonly TargetMatch[], processes: Processes): void {
  const closed = found.flatMap((match) => {
    const why = whyClosed(match, processes);
    return why === null ? [] : [{ match, why }];
  });
  const [first, ...rest] = closed;
  if (first === undefined) return;
  const { match, why } = first;
  throw new WiretapeError('TARGET_CLOSED', `May not look into ${named(match)}, which fits ${match.because}`, {
    seen: [`${why}: no TLS library in it would be found`, ...others(rest.map((one) => one.match))],
    remedy: ['Run as root, or grant CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH', 'wiretape doctor tells what is missing'],
  });
}

/** Null also for one that has ended meanwhile: nobody asks for its files. */
function whyClosed({ process: { pid } }: TargetMatch, processes: Processes): string | null {
  const facts = processes.facts(pid);
  if (facts?.hasMemory !== true) return null;
  if (!processes.isOpen(pid)) return `/proc/${pid}/maps cannot be read`;
  // Whose /proc/PID/exe can be read lets its files be opened too, whatever the mount namespace; those that were deleted aside.
  if (facts.exe !== null) return null;
  const closed = processes.images(pid).find((image) => !opens(image));
  return closed === undefined ? null : `${closed.path} of /proc/${pid}/maps cannot be opened`;
}

function opens(image: Parameters<typeof openImage>[0]): boolean {
  const opened = openImage(image);
  opened?.file.close();
  return opened !== undefined;
}

function others(closed: readonly TargetMatch[]): readonly string[] {
  const names = closed.slice(0, mostNamed).map(named);
  const more = closed.length - names.length;
  return names.length === 0 ? [] : [`nor into ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`];
}

function named({ process: { name, pid } }: TargetMatch): string {
  return `${name} (${pid})`;
}
