/** For commands that read a whole tape and hold little of it. */
import { setFlagsFromString } from 'node:v8';

/** V8 otherwise lets a heap grow to twice of what lives in it, or four times, before it looks what that is. */
export function keepHeapTight(): void {
  setFlagsFromString('--heap-growing-percent=30');
}
