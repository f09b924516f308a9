/** The SQLite tape: a file for each. Reads and writes on the thread that asks; a recorder is given a writer with a thread of its own. */
import type { TapeStore } from '../tape';
import { openTapeReader } from './reader';
import { openTapeWriterThread } from './writer-thread';

export { keptBodyLimitBytes } from './cells';
export { openTapeReader } from './reader';
export { openTapeWriter } from './writer';
export { openTapeWriterThread, type WriterThreadOptions } from './writer-thread';

export const sqlite: TapeStore = {
  scheme: null,
  openReader: async (path) => openTapeReader(path),
  openWriter: openTapeWriterThread,
};
