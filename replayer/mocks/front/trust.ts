/**
 * Which clients refused the certificates of the mocks. One that says so in TLS is certain; one that leaves when it
 * has seen the certificate and never asks anything, as clients of Node.js do that do not trust it, only looks like it.
 */
import type { Arrival, Carrier } from './arrival';
import { type ClientProcess, processOf } from './client-process';
import { type Program, programOf } from './compiled-roots';

export interface Distrust {
  /** The upstream whose name the certificate bears; '' where the client named none. */
  readonly upstream: string;
  readonly process: ClientProcess | null;
  /** What was seen of it: the alert in words. */
  readonly seen: string;
  readonly isCertain: boolean;
  /** No file and no variable changes whom it trusts; false where that could not be looked at. */
  readonly hasCompiledRoots: boolean;
  readonly times: number;
}

export interface TrustWatch {
  /** Finds out who it is, while it is still there to be looked at. Resolves in the end, and soon. */
  look(arrival: Arrival, name: string): Promise<void>;
  /** The handshake failed. */
  failed(arrival: Arrival, error: Error): void;
  /** The connection is over. */
  closed(arrival: Arrival): void;
  /** Something was asked on it. */
  asked(arrival: Arrival): void;
  /** What is closed from now on is closed by us. */
  stop(): void;
  /** In the order they were seen first. */
  distrust(): readonly Distrust[];
}

/** Looking costs some milliseconds; who was found to trust an upstream is not looked at again. */
const looksPerName = 16;
const longestLookMs = 500;
const alerts: readonly (readonly [RegExp, string])[] = [
  [/unknown.ca/i, 'unknown CA'],
  [/certificate.unknown/i, 'certificate unknown'],
  [/bad.certificate/i, 'bad certificate'],
  [/unsupported.certificate/i, 'unsupported certificate'],
  [/certificate.required|access.denied/i, 'access denied'],
];

interface Looked {
  readonly name: string;
  readonly process: ClientProcess | null;
  /** What it runs; whoever takes it closes it. */
  program: Program | null;
}

export function createTrustWatch(
  find: typeof processOf = processOf,
  openProgram: typeof programOf = programOf,
): TrustWatch {
  const looks = new Map<string, number>();
  const known = new WeakMap<Carrier, Looked>();
  const trusting = new Set<string>();
  const found = new Map<string, Distrust>();
  const isSettled = new WeakSet<Carrier>();
  let isOver = false;
  const takeProgram = (carrier: Carrier): Program | null => {
    const looked = known.get(carrier);
    const program = looked?.program ?? null;
    if (looked !== undefined) looked.program = null;
    return program;
  };
  const note = (arrival: Arrival, seen: string, isCertain: boolean): void => {
    const { name = arrival.upstream ?? '', process = null } = known.get(arrival.carrier) ?? {};
    const key = `${name} ${process?.pid} ${isCertain}`;
    const before = found.get(key);
    const times = (before?.times ?? 0) + 1;
    found.set(key, { hasCompiledRoots: false, ...before, upstream: name, process, seen, isCertain, times });
    const program = takeProgram(arrival.carrier);
    if (before === undefined && program !== null) void lookInto(key, program);
    else program?.close();
  };
  const lookInto = async (key: string, program: Program): Promise<void> => {
    const isCompiled = await program.hasCompiledRoots();
    program.close();
    const noted = found.get(key);
    if (isCompiled && noted !== undefined) found.set(key, { ...noted, hasCompiledRoots: true });
  };
  return {
    async look(arrival, name) {
      const { carrier, client } = arrival;
      const count = looks.get(name) ?? 0;
      if (client === null || count >= looksPerName) return;
      looks.set(name, count + 1);
      const process = await soon(find(client));
      const program = process === null ? null : await openProgram(process.pid);
      known.set(carrier, { name, process, program });
    },
    failed(arrival, error) {
      const alert = alerts.find(([pattern]) =>
        pattern.test(`${(error as NodeJS.ErrnoException).code} ${error.message}`),
      );
      if (alert === undefined) return;
      isSettled.add(arrival.carrier);
      note(arrival, alert[1], true);
    },
    stop() {
      isOver = true;
    },
    closed(arrival) {
      if (!isOver && !isSettled.has(arrival.carrier) && known.has(arrival.carrier)) {
        note(arrival, 'it left when it had seen it', false);
      }
      takeProgram(arrival.carrier)?.close();
    },
    asked({ carrier }) {
      if (isSettled.has(carrier)) return;
      isSettled.add(carrier);
      const looked = known.get(carrier);
      takeProgram(carrier)?.close();
      if (looked === undefined) return;
      trusting.add(`${looked.name} ${looked.process?.pid}`);
      if (looked.process !== null) looks.set(looked.name, looksPerName);
    },
    distrust() {
      return [...found.values()].filter(({ upstream, process, isCertain }) => {
        return isCertain || !trusting.has(`${upstream} ${process?.pid}`);
      });
    },
  };
}

async function soon<T>(work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), longestLookMs).unref();
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
