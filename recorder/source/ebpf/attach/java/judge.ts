/**
 * Whether a process is a Java virtual machine that may be asked to load our agent, and how: a signal that means nothing to it would
 * end it, or make it print what all its threads are at. Pure: what is seen of the process comes in.
 */

export interface JvmFacts {
  /** It has HotSpot's libjvm.so mapped, one of another make, or none. */
  readonly machine: 'hotspot' | 'other' | 'none';
  /** Signals it handles: `SigCgt` of /proc/PID/status. */
  readonly caught: bigint;
  /** It listens for such requests already, so no signal is needed. */
  readonly listens: boolean;
  /** By their names; null where the machine does not tell. */
  readonly flags: ReadonlyMap<string, boolean> | null;
  /** How its own /tmp is mounted: `noexec`, `ro`. */
  readonly folderOptions: readonly string[];
}

export type JvmVerdict =
  | { readonly kind: 'no-jvm' }
  /** It has not begun yet: look again in a moment. */
  | { readonly kind: 'not-yet' }
  | { readonly kind: 'ask'; readonly bySignal: boolean }
  | { readonly kind: 'refused'; readonly reason: string };

export const flagsThatMatter = ['DisableAttachMechanism', 'EnableDynamicAgentLoading'];

/** By signal(7), counted from 1 in the mask. */
const SIGQUIT = 3n;

export function judgeJvm({ machine, caught, listens, flags, folderOptions }: JvmFacts): JvmVerdict {
  if (machine === 'none') return { kind: 'no-jvm' };
  if (machine === 'other') return refused('it is not a HotSpot virtual machine, and others are asked in another way');
  const handles = (caught >> (SIGQUIT - 1n)) % 2n === 1n;
  // Flags are read, and the signal is handled, by the end of its start. With -Xrs it never is, and the socket is there by then.
  if (!listens && !handles) return { kind: 'not-yet' };
  if (flags === null) return refused('it does not tell its flags, so whether it takes a signal well cannot be known');
  if (flags.get('DisableAttachMechanism') === true)
    return refused('it was started with -XX:+DisableAttachMechanism; leave that out');
  if (flags.get('EnableDynamicAgentLoading') === false)
    return refused('it was started with -XX:-EnableDynamicAgentLoading; leave that out');
  const hindrance = folderOptions.find((option) => option === 'noexec' || option === 'ro');
  if (hindrance !== undefined)
    return refused(
      `its /tmp is mounted ${hindrance}, so no agent can be loaded from there; start it with -agentpath, or mount /tmp without that`,
    );
  return { kind: 'ask', bySignal: !listens };
}

function refused(reason: string): JvmVerdict {
  return { kind: 'refused', reason };
}

export type LoadAnswer =
  | { readonly kind: 'loaded' }
  /** The agent of another recorder is at work: its functions can be probed as well. */
  | { readonly kind: 'another' }
  /** Its start is not over: agents have nothing to work with yet. */
  | { readonly kind: 'too-early' }
  | { readonly kind: 'refused'; readonly reason: string };

/** What a virtual machine answers to `load`. */
export function readAnswer(answer: string): LoadAnswer {
  const code = /return code: (-?\d+)/.exec(answer)?.[1];
  if (code === '0') return { kind: 'loaded' };
  if (code === ANOTHER) return { kind: 'another' };
  if (code === NO_TOOLS || BEFORE_LIVE.test(answer)) return { kind: 'too-early' };
  return { kind: 'refused', reason: code === undefined ? refusalIn(answer) : agentFailure(Number(code)) };
}

function refusalIn(answer: string): string {
  if (answer === '')
    return 'it closed the connection without an answer; it takes requests of its own user and of root only';
  return `it answered: ${answer
    .replace(/^\d+\n/, '')
    .trim()
    .slice(0, 200)}`;
}

/** By `enum failure` of native/java/agent.c. */
const ANOTHER = '105';
const NO_TOOLS = '101';
/** What a machine says by itself, from 21 on, before it is in the live phase of JVMTI. */
const BEFORE_LIVE = /only permitted in the live phase/;

/** The classes of JSSE that are changed: `jsse_classes` in native/java/hooks.c. */
const CLASSES = ['SSLSocketOutputRecord', 'SSLEngineOutputRecord', 'SSLTransport'];

function agentFailure(code: number): string {
  if (code >= 110 && code < 120) return `it has no class sun.security.ssl.${CLASSES[code - 110]}`;
  if (code >= 120 && code < 130)
    return `its class sun.security.ssl.${CLASSES[code - 120]} is not as in the versions that are known`;
  return `its agent gave up (${code})`;
}
