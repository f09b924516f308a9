/**
 * Targets whose files may not be looked into: without them no TLS library of a process is found, and of its TLS
 * connections nothing but sizes would be recorded. What the user's rights show is tried, not told by capabilities: some
 * kernels show what a process has mapped to CAP_PERFMON, and to the owner of a process anyway.
 */
import { WiretapeError } from '../../../../errors/wiretape-error';
import { openImage } from './mapped-image';
import type { Processes } from './processes';
import type { TargetMatch } from './targets';

const mostNamed = 5;

interface Closed {
  readonly match: TargetMatch;
  readonly why: string;
}

/**
 * Targets whose TLS will not be read, each in words; mostly none. Some processes are closed to everybody, by a security module
 * or because their own namespace is above: they are no reason not to record the others.
 *
 * @param hasRights whether every right is there that could open a process to its recorder; asked where one is closed
 * @throws WiretapeError TARGET_CLOSED where more rights would help, or where no target may be looked into.
 */
export function closedAmong(
  found: readonly TargetMatch[],
  processes: Processes,
  hasRights: () => boolean,
): readonly string[] {
  const looked = found.map((match) => ({ match, why: whyClosed(match, processes) }));
  const closed = looked.filter((one): one is Closed => typeof one.why === 'string');
  if (closed.length === 0) return [];
  const hasAll = hasRights();
  if (!hasAll || !looked.some(({ why }) => why === null)) throw refusal(closed, hasAll);
  return closed.map(({ match, why }) => `${named(match)}: ${why}`);
}

function refusal([first, ...rest]: readonly Closed[], hasRights: boolean): WiretapeError {
  const { match, why } = first as Closed;
  return new WiretapeError('TARGET_CLOSED', `May not look into ${named(match)}, which fits ${match.because}`, {
    seen: [`${why}: no TLS library in it would be found`, ...others(rest.map((one) => one.match))],
    remedy: hasRights ? remedyBeyondRights : remedyByRights,
  });
}

const remedyByRights = [
  'Run as root, or grant CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH',
  'wiretape doctor tells what is missing',
];
const remedyBeyondRights = [
  'A security module or a namespace above forbids it, whatever the rights: choose another target, or record on the host',
];

/** Null where it is open; undefined where nobody asks for its files: of threads of the kernel, and of one that has ended meanwhile. */
function whyClosed({ process: { pid } }: TargetMatch, processes: Processes): string | null | undefined {
  const facts = processes.facts(pid);
  if (facts?.hasMemory !== true) return undefined;
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
