/**
 * Cases of a long tape: held is what a run asks of all of them, in which order they come and over which connections; what was
 * said in them is read again when they are looked at, and let go of. The same questions get the same answers. A
 * conversation, and an exchange of several messages, is held whole. Reads through what it is handed, nothing else.
 */
import { WiretapeError } from '../../errors/wiretape-error';
import type { Connection, Exchange } from '../../tape/model/exchange';
import type { HttpRequest, HttpResponse } from '../../tape/model/http/http';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { StoredExchange } from '../../tape/store/tape';
import { caseOf, type RunnableCase, type TestCase } from './cases';

/** Exchanges as they lie on the tape, in the order of their ids; one that is not there is passed over. */
export type ReadAgain = (ids: readonly string[]) => Iterable<StoredExchange>;

/** What makes a case light. Its parts are read by `again` as long as the case lives. */
export function leanBy(again: ReadAgain): (test: TestCase) => TestCase {
  const source = new Source(again);
  return (test) => {
    if (test.kind === 'conversation' || test.stored.exchange.messages.length > 0) return test;
    const place = source.placeOf(test.id);
    const stored = new LeanStored(test.stored, place, source);
    const name = source.one(test.name);
    return test.kind === 'run' ? new LeanCase(test.id, name, stored, place, source) : { ...test, name, stored };
  };
}

/** The case with all that belongs to it at hand, as long as it is played; any other is that already. */
export function wholeCase<C extends TestCase>(test: C): C {
  return test instanceof LeanCase ? (test.whole() as TestCase as C) : test;
}

/** The case as one that a chosen case needs. */
export function asSetUp(test: TestCase): TestCase {
  return test instanceof LeanCase ? test.asSetUp() : { ...test, setUp: true };
}

/** Cases are looked at one after another, with a few under way at a time: those that follow are read with one that is asked for. */
const readAtOnce = 16;
const mostAtHand = 2 * readAtOnce;
const roomAtHandBytes = 4 * 1024 * 1024;

/** How many values are kept once that many exchanges have alike: of more, each exchange has its own. */
const mostAlike = 10_000;

class Source {
  /** As they were made light. */
  private readonly ids: string[] = [];
  private readonly atHand = new Map<string, TestCase>();
  private bytesAtHand = 0;
  private lastPlace = -1;
  private readonly connections = new Map<string, Connection>();
  private readonly entries = new Map<string, readonly RedactionEntry[]>();
  private readonly texts = new Map<string, string>();

  constructor(private readonly again: ReadAgain) {}

  /** By which it is asked for later. */
  placeOf(id: string): number {
    return this.ids.push(id) - 1;
  }

  case(place: number): TestCase {
    const id = this.ids[place] ?? '';
    return this.atHand.get(id) ?? this.read(id, place);
  }

  private read(id: string, place: number): TestCase {
    const isInOrder = place > this.lastPlace && place <= this.lastPlace + mostAtHand;
    this.lastPlace = place;
    let read = 0;
    for (const stored of this.again(this.ids.slice(place, place + (isInOrder ? readAtOnce : 1)))) {
      const test = caseOf(stored);
      const bytes = bytesIn(test);
      if (read > 0 && read + bytes > roomAtHandBytes) break;
      read += bytes;
      this.keep(test, bytes);
    }
    const test = this.atHand.get(id);
    if (test === undefined) throw gone(id);
    return test;
  }

  /** In the place of so much as it needs, the oldest first. */
  private keep(test: TestCase, bytes: number): void {
    this.letGo(test.id);
    this.bytesAtHand += bytes;
    for (const oldest of this.atHand.keys()) {
      if (this.atHand.size < mostAtHand && this.bytesAtHand <= roomAtHandBytes) break;
      this.letGo(oldest);
    }
    this.atHand.set(test.id, test);
  }

  private letGo(id: string): void {
    const test = this.atHand.get(id);
    this.bytesAtHand -= test === undefined ? 0 : bytesIn(test);
    this.atHand.delete(id);
  }

  one(text: string): string {
    return shared(this.texts, text, text);
  }

  connectionOf({ connectionId, exchange }: StoredExchange): Connection {
    return shared(this.connections, connectionId, exchange.connection);
  }

  entriesOf({ redacted }: StoredExchange): readonly RedactionEntry[] {
    return redacted.length === 0 ? none : shared(this.entries, JSON.stringify(redacted), redacted);
  }
}

function bytesIn(test: TestCase): number {
  return test.kind === 'run' ? test.request.body.bytes.length + test.response.body.bytes.length : 0;
}

function shared<T>(known: Map<string, T>, key: string, own: T): T {
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size < mostAlike) known.set(key, own);
  return own;
}

const none: readonly never[] = [];

function gone(id: string): WiretapeError {
  return new WiretapeError('NOT_ON_TAPE', `Exchange ${id} is no longer on the tape`, {
    seen: ['it was there when the cases were read'],
    remedy: 'Leave the tape as it is while it is played',
  });
}

class LeanStored implements StoredExchange {
  readonly id: string;
  readonly session: string;
  readonly connectionId: string;
  readonly causeId: string | null;
  readonly exchange: Exchange;
  readonly redacted: readonly RedactionEntry[];

  constructor(whole: StoredExchange, place: number, source: Source) {
    this.id = whole.id;
    this.session = source.one(whole.session);
    this.connectionId = source.one(whole.connectionId);
    this.causeId = whole.causeId;
    this.exchange = new LeanExchange(whole, place, source) as Exchange; // its protocol is that of its content
    this.redacted = source.entriesOf(whole);
  }
}

class LeanExchange implements Pick<Exchange, keyof Exchange> {
  readonly number: number;
  readonly connection: Connection;
  readonly channel: number | null;
  readonly seq: number;
  readonly protocol: Exchange['protocol'];
  readonly startedAtUs: number;
  readonly durationUs: number | null;
  readonly outcome: Exchange['outcome'];
  readonly problems: Exchange['problems'];
  readonly cause: Exchange['cause'];
  readonly messages: Exchange['messages'] = none;
  readonly messagesBefore: number;

  constructor(
    whole: StoredExchange,
    private readonly place: number,
    private readonly source: Source,
  ) {
    const { exchange } = whole;
    this.number = exchange.number;
    this.connection = source.connectionOf(whole);
    this.channel = exchange.channel;
    this.seq = exchange.seq;
    this.protocol = exchange.protocol;
    this.startedAtUs = exchange.startedAtUs;
    this.durationUs = exchange.durationUs;
    this.outcome = source.one(exchange.outcome) as Exchange['outcome']; // a text of its own from the tape, each time
    this.problems = exchange.problems.length === 0 ? none : exchange.problems;
    this.cause = exchange.cause;
    this.messagesBefore = exchange.messagesBefore;
  }

  get content(): Exchange['content'] {
    return this.source.case(this.place).stored.exchange.content;
  }
}

class LeanCase implements RunnableCase {
  readonly kind = 'run';
  readonly at = none;

  constructor(
    readonly id: string,
    readonly name: string,
    readonly stored: LeanStored,
    private readonly place: number,
    private readonly source: Source,
    readonly setUp = false,
  ) {}

  get asked(): HttpRequest {
    return this.read().asked;
  }

  get request(): HttpRequest {
    return this.read().request;
  }

  get response(): HttpResponse {
    return this.read().response;
  }

  whole(): RunnableCase {
    const { id, name, setUp } = this;
    return { ...this.read(), id, name, ...(setUp ? { setUp } : {}) };
  }

  asSetUp(): LeanCase {
    return new LeanCase(this.id, this.name, this.stored, this.place, this.source, true);
  }

  /** Throws where it is no longer on the tape, or another one than it was. */
  private read(): RunnableCase {
    const test = this.source.case(this.place);
    if (test.kind !== 'run') throw gone(this.id);
    return test;
  }
}
