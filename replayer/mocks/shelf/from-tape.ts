/**
 * Reads from the tape what a request needs of shelved mocks: the shelf it asks for, the answer that is due, what is near to it
 * where nothing matches, and where nothing else tells, all that was recorded.
 */
import { setImmediate as others } from 'node:timers/promises';
import { WiretapeError } from '../../../errors/wiretape-error';
import { addressOf, type HttpRequest } from '../../../tape/model/http/http';
import type { StoredExchange } from '../../../tape/store/tape';
import type { Ask, Entry, EntryOptions } from '../match/entry';
import { RecordedWords } from '../match/identifiers';
import { type Matcher, WordsUnread } from '../match/matcher';
import { NearSoFar, nearOf, type Ranked } from '../match/near';
import { createPlaces, type LoadedMock, loadedMock, withAnswerOnTape } from '../match/places';
import type { Mock, ShelvedMock, ShelvedMocks } from '../mock';
import { draftOf } from '../sorting';
import { upstreamOf } from '../upstream';
import { type Shelf, Shelves } from './shelves';

/** The tape that shelved mocks are of; open as long as they are served. */
export interface MocksOnTape {
  /** Those with these ids, in their order. */
  read(ids: readonly string[]): AsyncIterable<StoredExchange>;
  /** What the recorded service was asked itself. */
  heard(): AsyncIterable<HttpRequest>;
}

export interface FromTapeOptions {
  readonly shelved: ShelvedMocks;
  readonly tape: MocksOnTape;
  readonly matcher: Matcher;
  readonly matching: EntryOptions;
  /** The mock as redaction leaves it by the rules of now. */
  redacted(mock: Mock): Mock;
}

/** After so many exchanges whoever else waits gets a turn. */
const readAtOnce = 256;

export class FromTape {
  private readonly shelves: Shelves;

  constructor(private readonly options: FromTapeOptions) {
    this.shelves = new Shelves(options.shelved);
  }

  /** Does what asks for mocks of its place, and where need be for more, again once they are there. */
  async matching<T>(ask: Ask, match: () => T): Promise<T> {
    const { upstream, request } = ask;
    const shelf = this.shelves.at({ upstream, method: request.method, target: addressOf(request).path });
    if (shelf !== undefined) await this.take(shelf);
    return this.withWords(match);
  }

  /** The same once every mock is there that may be among the nearest. */
  async comparing<T>(live: Entry, compare: () => T): Promise<T> {
    const untaken = this.shelves.untaken();
    const near = new NearSoFar(live, this.options.matcher.entries);
    for (const ranked of nearOf(untaken, live)) await this.takeWhileNear(ranked, near);
    return this.withWords(compare);
  }

  /** Several at a time, the more the more there are: a shelf that was taken in vain does no harm, and to read costs by the turn. */
  private async takeWhileNear(ranked: Iterable<Ranked<ShelvedMock>>, near: NearSoFar): Promise<void> {
    let chosen = new Set<Shelf>();
    let mocks = 0;
    let atOnce = 1;
    for (const each of ranked) {
      const shelf = this.shelfOf(each.mock);
      if (this.shelves.isTaken(shelf) || chosen.has(shelf)) continue;
      if (chosen.size === 0 && !near.mayTake(each)) return;
      chosen.add(shelf);
      mocks += shelf.length;
      if (mocks < atOnce) continue;
      await this.takeAll([...chosen]);
      chosen = new Set();
      mocks = 0;
      atOnce = Math.min(atOnce * 2, readAtOnce);
    }
    await this.takeAll([...chosen]);
  }

  /** The mock with its answer. */
  async whole(mock: Mock): Promise<Mock> {
    for await (const stored of this.options.tape.read([mock.id])) return this.mockOf(stored, mock);
    throw changed(mock.id);
  }

  private async withWords<T>(run: () => T): Promise<T> {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof WordsUnread)) throw error;
    }
    this.options.matcher.learnWords(await this.words());
    return run();
  }

  private async words(): Promise<RecordedWords> {
    const { matcher, tape } = this.options;
    const words = new RecordedWords();
    for (const { content, mock } of matcher.entries) {
      if (mock.isOnTape === true) continue;
      words.noteAsked(content.value);
      words.noteAnswer(mock);
    }
    for (const some of byHundreds(this.shelves.all())) {
      for (const loaded of await this.loadedOf(some, (mock) => words.noteAnswer(mock))) {
        const places = createPlaces();
        places.learn(loaded);
        for (const { entry } of loaded) words.noteAsked(places.asked(entry).content.value);
      }
    }
    for await (const request of inTurns(tape.heard())) words.noteHeard(request);
    return words;
  }

  private shelfOf(mock: ShelvedMock): Shelf {
    return this.shelves.at(mock) ?? [];
  }

  private async take(shelf: Shelf): Promise<void> {
    if (!this.shelves.isTaken(shelf)) await this.takeAll([shelf]);
  }

  /** None of them is taken. */
  private async takeAll(shelves: readonly Shelf[]): Promise<void> {
    for (const [i, loaded] of (await this.loadedOf(shelves)).entries()) {
      this.options.matcher.take(loaded);
      this.shelves.take(shelves[i] ?? []);
    }
  }

  /** Of each shelf what is on it. */
  private async loadedOf(shelves: readonly Shelf[], see?: (mock: Mock) => void): Promise<(readonly LoadedMock[])[]> {
    const loaded = await this.loaded(shelves.flat(), see);
    let end = 0;
    return shelves.map(({ length }) => {
      end += length;
      return loaded.slice(end - length, end);
    });
  }

  /** `see` is shown each mock with its answer, which is let go of then. */
  private async loaded(shelf: Shelf, see: (mock: Mock) => void = () => undefined): Promise<readonly LoadedMock[]> {
    const loaded: LoadedMock[] = [];
    for await (const stored of inTurns(this.options.tape.read(shelf.map(({ id }) => id)))) {
      const shelved = shelf[loaded.length];
      if (shelved?.id !== stored.id) throw changed(shelved?.id ?? stored.id);
      const mock = this.mockOf(stored, shelved);
      see(mock);
      loaded.push(withAnswerOnTape(loadedMock(mock, this.options.matching)));
    }
    if (loaded.length < shelf.length) throw changed(shelf[loaded.length]?.id ?? '');
    return loaded;
  }

  /** Where it stands was said by an outline: an exchange that says something else now would be looked for in vain. */
  private mockOf(stored: StoredExchange, { index, upstream, ...known }: Pick<Mock, 'id' | 'index' | 'upstream'>): Mock {
    const draft = draftOf(stored, upstreamOf);
    if (draft?.kind !== 'mock' || draft.upstream.name !== upstream) throw changed(known.id);
    const mock = this.options.redacted({ ...draft.mock, index, upstream });
    const isSame = addressOf(mock.request).path === addressOf(draft.mock.request).path;
    if (isSame && mock.request.method === draft.mock.request.method) return { ...mock, isOnTape: true };
    throw new WiretapeError('INTERNAL', `Exchange ${mock.id} asks for what redaction takes now and did not take then`, {
      remedy: 'Record again by the rules of now; report this where the rules are the same',
    });
  }
}

function changed(id: string): WiretapeError {
  return new WiretapeError('TAPE_DAMAGED', `Exchange ${id} is not what it was when the tape was opened`, {
    remedy: 'Start the mocks again, on a tape that nobody changes',
  });
}

/** In their order; to read costs by the turn, and no more than some are held. */
function* byHundreds(shelves: Iterable<Shelf>): Generator<readonly Shelf[]> {
  let some: Shelf[] = [];
  let mocks = 0;
  for (const shelf of shelves) {
    some.push(shelf);
    mocks += shelf.length;
    if (mocks < readAtOnce) continue;
    yield some;
    some = [];
    mocks = 0;
  }
  yield some;
}

async function* inTurns<T>(items: AsyncIterable<T>): AsyncGenerator<T, undefined, undefined> {
  let count = 0;
  for await (const item of items) {
    yield item;
    if (++count % readAtOnce === 0) await others();
  }
}
