/** The SQLite tape: what the rest of wiretape opens. */
export { keptBodyLimitBytes } from './cells';
export { openTapeReader } from './reader';
export { openTapeWriter } from './writer';
export { openTapeWriterThread, type TapeWriterThread, type WriterThreadOptions } from './writer-thread';
