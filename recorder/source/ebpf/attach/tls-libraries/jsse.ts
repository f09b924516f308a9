/**
 * Java's JSSE, by the agent of ours that a JVM has loaded (native/java): its functions do nothing but be called. They are probed
 * only where they are: without the agent a JVM maps no file that shows where its TLS is.
 */
import type { ElfImage } from '../elf/elf';
import type { FoundPlace, ProbeNeed, TlsFlavour, TlsLibrary } from './tls-library';

export const jsse: TlsLibrary = {
  name: 'jsse',
  recognise,
  probes: { by: 'code', places },
};

const HOOKS: readonly (readonly [symbol: string, program: string, need: ProbeNeed])[] = [
  // First: what is opened then finds its socket.
  ['wiretape_jsse_opens', 'wt_jsse_opens', 'optional'],
  ['wiretape_jsse_sent', 'wt_jsse_sent', 'write'],
  ['wiretape_jsse_received', 'wt_jsse_recvd', 'read'],
];

/** The agent looks at it before it does anything, and takes itself off when it is zero again. */
const COUNTER = 'wiretape_jsse_listeners';

function recognise(image: ElfImage): TlsFlavour | undefined {
  const found = image.functions(
    HOOKS.map(([symbol]) => symbol),
    'exported',
  );
  return found.size === HOOKS.length ? { holds: 'tls', symbols: 'runtime', label: 'JSSE' } : undefined;
}

function places(image: ElfImage): readonly FoundPlace[] {
  const counter = image.exportedVariable(COUNTER);
  return HOOKS.map(([symbol, program, need]) => {
    const address = image.functions([symbol], 'exported').get(symbol)?.address;
    if (address === undefined || counter === undefined)
      return { kind: 'refused', symbol, reason: 'the file defines no such function' };
    return { kind: 'place', symbol, program, need, address, counter, why: 'at the entry, on an emulated nop' };
  });
}
