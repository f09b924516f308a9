/** Which store keeps the tape of a location: a path is SQLite's. */
import { WiretapeError } from '../../errors/wiretape-error';
import { describedReader, type ProtoFiles } from './described';
import { sqlite } from './sqlite';
import type { QueuedWriter, Rewriting, Rewritten, TapeReader, TapeStore, WriterOptions } from './tape';

const stores: readonly TapeStore[] = [sqlite];

/** Messages of protobuf come described, by `protoFiles` besides what is on the tape. Rejects with USAGE where no store keeps tapes at such a location, and with the errors of the store. */
export async function openReader(location: string, protoFiles: ProtoFiles = new Map()): Promise<TapeReader> {
  return describedReader(await storeOf(location).openReader(location), protoFiles);
}

/** Makes the tape where there is none. Rejects as `openReader` does. */
export async function openWriter(location: string, options?: WriterOptions): Promise<QueuedWriter> {
  return storeOf(location).openWriter(location, options);
}

/** Packs a tape, or undoes it. Rejects as `openReader` does, and with USAGE where the store packs nothing. */
export async function rewriteTape(location: string, rewriting: Rewriting): Promise<Rewritten> {
  const store = storeOf(location);
  if (store.rewrite !== undefined) return store.rewrite(location, rewriting);
  throw new WiretapeError('USAGE', `Tapes at ${store.scheme}:// are not packed`, {
    seen: [`the location ${JSON.stringify(location)}`],
    remedy: 'Give the path of a file',
  });
}

/** Throws USAGE. */
export function storeOf(location: string): TapeStore {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(location)?.[1]?.toLowerCase() ?? null;
  const store = stores.find((each) => each.scheme === scheme);
  if (store !== undefined) return store;
  throw new WiretapeError('USAGE', `No store keeps tapes at ${scheme}://`, {
    seen: [`the location ${JSON.stringify(location)}`],
    remedy: `Give the path of a file; where that looks like a URL, as  ./${scheme}:…`,
  });
}
