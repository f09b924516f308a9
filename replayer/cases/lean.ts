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

/** An exchange as it lies on the tape; undefined where it is not there. */
export type ReadAgain = (id: string) => StoredExchange | undefined;

/** What makes a case light. Its parts are read by `again` as long as the case lives. */
export function leanBy(again: ReadAgain): (test: TestCase) => TestCase {
  const source = new Source(again);
  return (test) => {
    if (test.kind === 'conversation' || test.stored.exchange.messages.length > 0) return test;
    const stored = new LeanStored(test.stored, source);
    const name = source.one(test.name);
    return test.kind === 'run' ? new LeanCase(test.id, name, stored, source) : { ...test, name, stored };
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

/** Cases are looked at one after another, with a few under way at a time; what takes more room is read once more. */
const mostAtHand = 16;
const roomAtHandBytes = 4 * 1024 * 1024;

/** How many values are kept once that many exchanges have alike: of more, each exchange has its own. */
const mostAlike = 10_000;

class Source {
  private readonly atHand = new Map<string, TestCase>();
  private bytesAtHand = 0;
  private readonly connections = new Map<string, Connection>();
  private readonly entries = new Map<string, readonly RedactionEntry[]>();
  private readonly texts = new Map<string, string>();

  constructor(private readonly again: ReadAgain) {}

  case(id: string): TestCase {
    const known = this.atHand.get(id);
    if (known !== undefined) return known;
    const stored = this.again(id);
    if (stored === undefined) throw gone(id);
    const test = caseOf(stored);
    this.letGo(bytesIn(test));
    this.atHand.set(id, test);
    return test;
  }

  /** So much as others need, the oldest first. */
  private letGo(neededBytes: number): void {
    this.bytesAtHand += neededBytes;
    for (const [id, test] of this.atHand) {
      if (this.atHand.size < mostAtHand && this.bytesAtHand <= roomAtHandBytes) return;
      this.atHand.delete(id);
      this.bytesAtHand -= bytesIn(test);
    }
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

  constructor(whole: StoredExchange, source: Source) {
    this.id = whole.id;
    this.session = source.one(whole.session);
    this.connectionId = source.one(whole.connectionId);
    this.causeId = whole.causeId;
    this.exchange = new LeanExchange(whole, source) as Exchange; // its protocol is that of its content
    this.redacted = source.entriesOf(whole);
  }
}

class LeanExchange implements Pick<Exchange, keyof Exchange> {
  private readonly id: string;
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
    this.outcome = exchange.outcome;
    this.problems = exchange.problems.length === 0 ? none : exchange.problems;
    this.cause = exchange.cause;
    this.messagesBefore = exchange.messagesBefore;
    this.id = whole.id;
  }

  get content(): Exchange['content'] {
    return this.source.case(this.id).stored.exchange.content;
  }
}

class LeanCase implements RunnableCase {
  readonly kind = 'run';
  readonly at = none;

  constructor(
    readonly id: string,
    readonly name: string,
    readonly stored: LeanStored,
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
    return new LeanCase(this.id, this.name, this.stored, this.source, true);
  }

  /** Throws where it is no longer on the tape, or another one than it was. */
  private read(): RunnableCase {
    const test = this.source.case(this.id);
    if (test.kind !== 'run') throw gone(this.id);
    return test;
  }
}
