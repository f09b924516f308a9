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
import { AtHand } from './at-hand';
import { caseOf, type RunnableCase, type TestCase } from './cases';

/** Exchanges as they lie on the tape, in the order of their ids; one that is not there is passed over. */
export type ReadAgain = (ids: readonly string[]) => Iterable<StoredExchange>;

/** What makes a case light. Its parts are read by `again` as long as the case lives. */
export function leanBy(again: ReadAgain): (test: TestCase) => TestCase {
  const source = new Source(again);
  return (test) => {
    if (test.kind === 'conversation' || test.stored.exchange.messages.length > 0) return test;
    const place = source.add(test);
    if (test.kind === 'run') return new LeanCase(place, source);
    return { ...test, name: source.nameOf(place), stored: source.storedAt(place) };
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

/** In a row for each case: when it began, how long it took, its number, its channel, its place on the connection. NaN for null. */
const numbersOfCase = 5;

/** How many of the last exchanges that were asked for are at hand without what was said: the same few are asked for again and again. */
const mostStoredAtHand = 64;

/** What most exchanges have alike. */
type Alike = Pick<StoredExchange, 'session' | 'causeId'> &
  Pick<Exchange, 'protocol' | 'outcome' | 'problems' | 'cause' | 'messagesBefore'>;

/** Held of a case is a place in rows. Objects are made of it when somebody asks: of a million exchanges they were most of what a run held. */
class Source {
  /** As they were made light. */
  private readonly ids: string[] = [];
  private readonly names: string[] = [];
  private readonly connectionIds: string[] = [];
  private readonly connectionsOfCases: Connection[] = [];
  private readonly redactedOfCases: (readonly RedactionEntry[])[] = [];
  private readonly alikeOfCases: Alike[] = [];
  private numbers = new Float64Array(256 * numbersOfCase);
  private readonly storedAtHand: (LeanStored | undefined)[] = new Array(mostStoredAtHand).fill(undefined);
  private readonly atHand = new AtHand(mostAtHand, roomAtHandBytes);
  private lastPlace = -1;
  private readonly connections = new Map<string, Connection>();
  private readonly entries = new Map<string, readonly RedactionEntry[]>();
  private readonly texts = new Map<string, string>();
  private readonly alike = new Map<string, Alike>();

  constructor(private readonly again: ReadAgain) {}

  /** Gives the place by which it is asked for later. */
  add({ id, name, stored }: TestCase): number {
    const { exchange } = stored;
    const place = this.ids.push(id) - 1;
    this.names.push(this.one(name));
    this.connectionIds.push(this.one(stored.connectionId));
    this.connectionsOfCases.push(shared(this.connections, stored.connectionId, exchange.connection));
    this.redactedOfCases.push(this.entriesOf(stored));
    this.alikeOfCases.push(this.alikeOf(stored));
    const { startedAtUs, durationUs, number, channel, seq } = exchange;
    this.addNumbers([startedAtUs, durationUs ?? Number.NaN, number, channel ?? Number.NaN, seq], place);
    return place;
  }

  private addNumbers(row: readonly number[], place: number): void {
    const at = place * numbersOfCase;
    if (at === this.numbers.length) {
      const larger = new Float64Array(this.numbers.length * 2);
      larger.set(this.numbers);
      this.numbers = larger;
    }
    this.numbers.set(row, at);
  }

  idOf(place: number): string {
    return this.ids[place] ?? '';
  }

  nameOf(place: number): string {
    return this.names[place] ?? '';
  }

  storedAt(place: number): LeanStored {
    const slot = place % mostStoredAtHand;
    const before = this.storedAtHand[slot];
    if (before?.exchange.place === place) return before;
    const made = this.makeStored(place);
    this.storedAtHand[slot] = made;
    return made;
  }

  private makeStored(place: number): LeanStored {
    const at = place * numbersOfCase;
    const [startedAtUs = 0, durationUs = 0, number = 0, channel = 0, seq = 0] = this.numbers.subarray(
      at,
      at + numbersOfCase,
    );
    const { session, causeId, ...same } = this.alikeOfCases[place] as Alike; // every case has a row in each of them
    const connection = this.connectionsOfCases[place] as Connection;
    const exchange = new LeanExchange(place, this, {
      ...same,
      ...{ connection, startedAtUs, number, seq },
      durationUs: Number.isNaN(durationUs) ? null : durationUs,
      channel: Number.isNaN(channel) ? null : channel,
    });
    const redacted = this.redactedOfCases[place] ?? none;
    return new LeanStored({
      id: this.idOf(place),
      session,
      connectionId: this.connectionIds[place] ?? '',
      causeId,
      exchange,
      redacted,
    });
  }

  case(place: number): TestCase {
    return this.atHand.get(place) ?? this.read(place);
  }

  private read(place: number): TestCase {
    const isInOrder = place > this.lastPlace && place <= this.lastPlace + mostAtHand;
    this.lastPlace = place;
    let read = 0;
    for (const stored of this.again(this.ids.slice(place, place + (isInOrder ? readAtOnce : 1)))) {
      const test = caseOf(stored);
      const bytes = bytesIn(test);
      if (read > 0 && read + bytes > roomAtHandBytes) break;
      read += bytes;
      this.atHand.keep({ place: this.ids.indexOf(test.id, place), test, bytes }); // one that is gone was passed over
    }
    const test = this.atHand.get(place);
    if (test === undefined) throw gone(this.idOf(place));
    return test;
  }

  private one(text: string): string {
    return shared(this.texts, text, text);
  }

  private entriesOf({ redacted }: StoredExchange): readonly RedactionEntry[] {
    return redacted.length === 0 ? none : shared(this.entries, JSON.stringify(redacted), redacted);
  }

  private alikeOf({ session, causeId, exchange }: StoredExchange): Alike {
    const { protocol, outcome, problems, cause, messagesBefore } = exchange;
    const key = JSON.stringify([session, causeId, protocol, outcome, problems, cause, messagesBefore]);
    return shared(this.alike, key, { session, causeId, protocol, outcome, problems, cause, messagesBefore });
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
  readonly exchange: Exchange & LeanExchange;
  readonly redacted: readonly RedactionEntry[];

  constructor(of: Omit<StoredExchange, 'exchange'> & { readonly exchange: LeanExchange }) {
    this.id = of.id;
    this.session = of.session;
    this.connectionId = of.connectionId;
    this.causeId = of.causeId;
    this.exchange = of.exchange as Exchange & LeanExchange; // its protocol is that of its content
    this.redacted = of.redacted;
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
    readonly place: number,
    private readonly source: Source,
    of: Pick<Exchange, Exclude<keyof Exchange, 'content' | 'messages'>>,
  ) {
    this.number = of.number;
    this.connection = of.connection;
    this.channel = of.channel;
    this.seq = of.seq;
    this.protocol = of.protocol;
    this.startedAtUs = of.startedAtUs;
    this.durationUs = of.durationUs;
    this.outcome = of.outcome;
    this.problems = of.problems;
    this.cause = of.cause;
    this.messagesBefore = of.messagesBefore;
  }

  get content(): Exchange['content'] {
    return this.source.case(this.place).stored.exchange.content;
  }
}

class LeanCase implements RunnableCase {
  constructor(
    private readonly place: number,
    private readonly source: Source,
    readonly setUp = false,
  ) {}

  get kind(): 'run' {
    return 'run';
  }

  get at(): RunnableCase['at'] {
    return none;
  }

  get id(): string {
    return this.source.idOf(this.place);
  }

  get name(): string {
    return this.source.nameOf(this.place);
  }

  get stored(): StoredExchange {
    return this.source.storedAt(this.place);
  }

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
    return new LeanCase(this.place, this.source, true);
  }

  /** Throws where it is no longer on the tape, or another one than it was. */
  private read(): RunnableCase {
    const test = this.source.case(this.place);
    if (test.kind !== 'run') throw gone(this.id);
    return test;
  }
}
