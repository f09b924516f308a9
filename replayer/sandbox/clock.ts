/** The clock of a command, as far as its sandbox has to do with it: what is told of it, and why it cannot be moved. */
import { WiretapeError } from '../../errors/wiretape-error';
import type { UnmovedProgram } from '../../native/launcher';
import { codeOf, type NoNamespaces } from './namespaces';

export interface MovedClock {
  /** Seconds; null where the command has the real clock. */
  readonly shiftS: number | null;
  onUnmoved(program: UnmovedProgram): void;
}

export function clockRefused({ step, code }: NoNamespaces): WiretapeError {
  return new WiretapeError(
    'CLOCK_REFUSED',
    `Cannot start the command at the recorded time: ${step} failed with ${code}`,
    {
      remedy: [
        'See what stands in the way:  wiretape doctor',
        'Do with the real clock, which tokens and certificates of the recording may not outlive:  --clock real',
      ],
    },
  );
}

/** Each kind once: a shell may start a thousand of them. A start that cannot be traced is told of before it has another name. */
export function unmovedTeller(tell: (text: string) => void): (program: UnmovedProgram) => void {
  const told = new Set<string>();
  return ({ program, pid, step, errno }) => {
    const kind = `${program} ${step}`;
    if (told.has(kind)) return;
    told.add(kind);
    const who = step === 'ptrace' ? `what ${program} (${pid}) starts` : `${program} (${pid})`;
    tell(`clock: ${who} sees the real time: ${step} (${codeOf(errno)})`);
  };
}
