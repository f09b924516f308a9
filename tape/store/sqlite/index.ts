/** The SQLite tape: a file for each. Reads and writes on the thread that asks. */
import type { TapeStore } from '../tape';
import { openQueuedWriter } from './queued-writer';
import { openTapeReader } from './reader';
import { rewriteTape } from './rewrite';

export { keptBodyLimitBytes } from './cells';
export { openQueuedWriter, type QueuedWriterOptions } from './queued-writer';
export { openTapeReader } from './reader';
export { rewriteTape } from './rewrite';
export { openTapeWriter } from './writer';

export const sqlite: TapeStore = {
  scheme: null,
  openReader: async (path) => openTapeReader(path),
  openWriter: openQueuedWriter,
  rewrite: async (path, rewriting) => rewriteTape(path, rewriting),
};
