/** A reader whose exchanges come with what is known of their messages: by the sets of their sessions, and by those handed in. */
import { type Schemas, schemasFrom } from '../body/protobuf/schemas';
import { withSchemas } from '../model/schemas';
import type { StoredExchange, TapeAtHand, TapeReader } from './tape';

/** Files of descriptors by name, as `filesInSet` gives them. */
export type ProtoFiles = ReadonlyMap<string, Uint8Array>;

/** What is handed in goes before what a session has of the same name. */
export function describedReader(reader: TapeReader, files: ProtoFiles): TapeReader {
  const known = new Map<string, Schemas>();

  async function describe(stored: StoredExchange): Promise<StoredExchange> {
    if (!known.has(stored.session)) await learn();
    return described(stored);
  }

  function described(stored: StoredExchange): StoredExchange {
    const schemas = known.get(stored.session) ?? schemasFrom(files);
    const exchange = withSchemas(stored.exchange, schemas);
    return exchange === stored.exchange ? stored : { ...stored, exchange };
  }

  async function learn(): Promise<void> {
    for (const { id, protoFiles } of await reader.sessions()) {
      if (!known.has(id)) known.set(id, schemasFrom(new Map([...(protoFiles ?? []), ...files])));
    }
  }

  async function* allDescribed(
    exchanges: AsyncIterable<StoredExchange>,
  ): AsyncGenerator<StoredExchange, undefined, undefined> {
    for await (const stored of exchanges) yield await describe(stored);
  }

  return {
    sessions: () => reader.sessions(),
    exchanges: (filter) => allDescribed(reader.exchanges(filter)),
    summaries: (filter) => reader.summaries(filter),
    outlines: (filter) => reader.outlines(filter),
    exchange: async (id) => {
      const stored = await reader.exchange(id);
      return stored === undefined ? undefined : describe(stored);
    },
    exchangesWith: (ids) => allDescribed(reader.exchangesWith(ids)),
    async atHand() {
      const tape = await reader.atHand();
      if (tape === null) return null;
      await learn();
      return describedAtHand(tape, described);
    },
    follow: (after, options) => reader.follow(after, options),
    close: () => reader.close(),
  };
}

function describedAtHand(tape: TapeAtHand, described: (stored: StoredExchange) => StoredExchange): TapeAtHand {
  const each = (exchanges: Iterable<StoredExchange>): Iterable<StoredExchange> => ({
    *[Symbol.iterator]() {
      for (const stored of exchanges) yield described(stored);
    },
  });
  return {
    exchanges: (filter) => each(tape.exchanges(filter)),
    exchangesWith: (ids) => each(tape.exchangesWith(ids)),
  };
}
