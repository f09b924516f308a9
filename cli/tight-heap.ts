/** For commands through which much passes, and that hold little of it. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * V8 otherwise lets a heap grow to twice of what lives in it, or four times, before it looks what that is; and the room for what
 * is young to two or four times of what it is by now, the 8 MB that starting took.
 */
export function keepHeapTight(): void {
  setFlagsFromString('--heap-growing-percent=30');
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** What collects garbage at once: V8 waits for far more than what an exchange with a long body leaves behind, which lies outside of its heap. */
export function garbageCollector(): () => void {
  let collect: (() => void) | undefined;
  return () => {
    collect ??= exposed();
    /^/.test(''); // the text that something was found in last stays for as long as nothing else was found (RegExp.input)
    collect();
  };
}

/** A context of its own is garbage by itself, for which V8's threads wake up: only where there is something to collect. */
function exposed(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { type: 'major'; flavor: 'last-resort' }) => void;
  // This flavor gives the room for what is young back to the system too; it takes as long as the regular one.
  return () => collect({ type: 'major', flavor: 'last-resort' });
}
