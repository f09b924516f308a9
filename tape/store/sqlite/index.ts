/** The SQLite tape: a file for each. Reads and writes on the thread that asks. */
import type { TapeStore } from '../tape';
import { openQueuedWriter } from './queued-writer';
import { openTapeReader } from './reader';

export { keptBodyLimitBytes } from './cells';
export { openQueuedWriter, type QueuedWriterOptions } from './queued-writer';
export { openTapeReader } from './reader';
export { openTapeWriter } from './writer';

export const sqlite: TapeStore = {
  scheme: null,
  openReader: async (path) => openTapeReader(path),
  openWriter: openQueuedWriter,
};
