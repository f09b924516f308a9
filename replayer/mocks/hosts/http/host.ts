/** Answers requests with recorded responses: the body is read whole, the mock matched, and what was recorded written. */
import { type Answering, type Found, type FoundMock, replyJson, replyMiss } from '../../answering';
import { takeWhole, wireKey } from '../../body';
import type { Asked } from '../../front/asked';
import { liveRequest } from '../../live-request';
import { createPassthrough, type Passthrough } from '../../passthrough/passthrough';
import type { MockHost, OpenHost } from '../host';
import type { Failure, HttpAnswer } from './read';
import { createReplies, type Replies, writeAnswer } from './reply';

export const httpHost: MockHost = {
  name: 'http',
  takes: () => true,
  open: (answering) => new HttpMocks(answering),
};

type Shelved = NonNullable<Answering['shelved']>;
type FoundMiss = Found & { readonly kind: 'miss' };

/** Work that is done one after another, in the order in which it came. */
class Line {
  private last: Promise<void> = Promise.resolve();

  /** `work` never rejects. */
  next(work: () => Promise<void>): Promise<void> {
    this.last = this.last.then(work);
    return this.last;
  }
}

/** No client gives up sooner. */
const shortestPatienceMs = 100;

class HttpMocks implements OpenHost {
  private readonly replies: Replies;
  private readonly passthrough: Passthrough;
  private readonly line = new Line();

  constructor(private readonly answering: Answering) {
    this.replies = createReplies({ mark: answering.options.mark ?? false, translation: answering.translation });
    this.passthrough = createPassthrough(answering.set);
  }

  serve(asked: Asked): void {
    takeWhole(asked, this.answering, {
      answer: (body) => this.answer(asked, body),
      refuse: (kind) => this.refuse(asked, kind),
    });
  }

  private answer(asked: Asked, body: Buffer): void | Promise<void> {
    const { shelved } = this.answering;
    if (shelved !== null) return this.line.next(() => this.answerFromTape(asked, body, shelved));
    const wire = () => this.wireOf(asked, body);
    const known = this.answering.again(asked, wire());
    if (known !== undefined) {
      this.write(asked, body, known);
      return;
    }
    const found = this.answering.findSoon(asked, liveRequest(asked, body), { host: 'http', wire });
    return found instanceof Promise ? this.answerLater(asked, body, found) : this.give(asked, body, found);
  }

  private give(asked: Asked, body: Buffer, found: Found): void {
    if (found.kind === 'mock') this.write(asked, body, found);
    else this.miss(asked, body, found);
  }

  private wireOf(asked: Asked, body: Buffer): string {
    return wireKey(asked, { host: 'http', body, decides: this.answering.decides });
  }

  private async answerLater(asked: Asked, body: Buffer, finding: Promise<Found>): Promise<void> {
    try {
      const found = await finding;
      this.answering.guard(asked, () => this.give(asked, body, found));
    } catch (error) {
      this.fault(asked, error);
    }
  }

  /** Which mock answers is settled in the order of requests; nobody waits for the answer of another. */
  private async answerFromTape(asked: Asked, body: Buffer, { find, whole }: Shelved): Promise<void> {
    try {
      const by = { host: 'http', wire: () => this.wireOf(asked, body) } as const;
      const found = this.answering.again(asked, by.wire()) ?? (await find(asked, liveRequest(asked, body), by));
      if (found.kind === 'mock') void this.writeFromTape(asked, body, { found, whole });
      else this.miss(asked, body, found);
    } catch (error) {
      this.fault(asked, error);
    }
  }

  private async writeFromTape(
    asked: Asked,
    body: Buffer,
    { found, whole }: Pick<Shelved, 'whole'> & { readonly found: FoundMock },
  ): Promise<void> {
    try {
      const mock = await whole(found.mock);
      this.answering.guard(asked, () => this.write(asked, body, { ...found, mock }));
    } catch (error) {
      this.fault(asked, error);
    }
  }

  private miss(asked: Asked, body: Buffer, { miss, passTo }: FoundMiss): void {
    if (passTo === null) replyMiss(asked.reply, miss);
    else this.passthrough.send(passTo, asked, body);
  }

  private fault(asked: Asked, error: unknown): void {
    this.answering.guard(asked, () => {
      throw error;
    });
  }

  private write(asked: Asked, body: Buffer, { mock, strictness, differing }: FoundMock): void {
    const { answering } = this;
    const { answer } = mock;
    if (answer.kind === 'conversation' || answer.kind === 'call') return; // of another host, whose mocks are never found for this one
    if (answer.kind !== 'response') {
      this.fail(asked, answer);
      return;
    }
    const how = { strictness, differing, isOwnPort: answering.isOwnPort(asked) };
    const reply = this.replies.to(mock, how, () => liveRequest(asked, body));
    if (reply === undefined) asked.reply.abort();
    else writeAnswer(asked, { ...reply, answering });
  }

  /**
   * Who hung up is not on the tape. A client that gave up does so again, as the mock is silent for a little longer than the
   * recorded connection was; one that was hung up on is hung up on then.
   */
  private fail({ reply }: Asked, { kind, afterMs }: HttpAnswer & { readonly kind: Failure }): void {
    if (kind !== 'closed' || afterMs < shortestPatienceMs) {
      reply.fail(kind);
      return;
    }
    const timer = setTimeout(() => reply.fail(kind), afterMs * 1.1 + shortestPatienceMs).unref();
    reply.whenOver(() => clearTimeout(timer));
  }

  private refuse({ reply }: Asked, kind: 'too-large' | 'no-room'): void {
    const { limits } = this.answering;
    this.answering.noteRefused();
    if (kind === 'too-large') {
      const message = `The request body is larger than ${limits.bodyBytes} bytes, which is all a mock takes`;
      replyJson(reply, 413, { error: 'REQUEST_TOO_LARGE', message }, true);
    } else {
      const message = `The bodies of all requests together are larger than ${limits.allBodiesBytes} bytes; try again when others are answered`;
      replyJson(reply, 503, { error: 'TOO_MANY_BODIES', message }, true);
    }
  }

  close(): void {
    this.passthrough.close();
  }
}
