/** Writes a body piece by piece in the times it was recorded in. Times are counted from the start, so that delays do not add up. */
import type { Piece } from './read';

export interface PacedSink {
  write(bytes: Buffer): void;
  end(): void;
}

/** Begins at once; what it gives back stops it. */
export function paced(pieces: readonly Piece[], body: Buffer, sink: PacedSink): () => void {
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let next = 0;
  let at = 0;
  const writeDue = (): void => {
    const passedMs = performance.now() - startedAt;
    for (let piece = pieces[next]; piece !== undefined; piece = pieces[++next]) {
      const leftMs = piece.afterMs - passedMs;
      if (leftMs > 0) {
        timer = setTimeout(writeDue, leftMs).unref();
        return;
      }
      sink.write(body.subarray(at, at + piece.bytes));
      at += piece.bytes;
    }
    sink.end();
  };
  writeDue();
  return () => clearTimeout(timer);
}
