/** Answers requests with recorded responses: the body is read whole, the mock matched, and what was recorded written. */
import { type Answering, type FoundMock, replyJson, replyMiss } from '../../answering';
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

/** No client gives up sooner. */
const shortestPatienceMs = 100;

class HttpMocks implements OpenHost {
  private readonly replies: Replies;
  private readonly passthrough: Passthrough;

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

  private answer(asked: Asked, body: Buffer): void {
    const wire = wireKey('http', asked, body);
    const known = this.answering.again(asked, wire);
    if (known !== undefined) {
      this.write(asked, body, known);
      return;
    }
    const found = this.answering.find(asked, liveRequest(asked, body), { host: 'http', wire });
    if (found.kind === 'mock') this.write(asked, body, found);
    else if (found.passTo === null) replyMiss(asked.reply, found.miss);
    else this.passthrough.send(found.passTo, asked, body);
  }

  private write(asked: Asked, body: Buffer, { mock, strictness }: FoundMock): void {
    const { answering } = this;
    const { answer } = mock;
    if (answer.kind === 'conversation' || answer.kind === 'call') return; // of another host, whose mocks are never found for this one
    if (answer.kind !== 'response') {
      this.fail(asked, answer);
      return;
    }
    const how = { strictness, isOwnPort: answering.isOwnPort(asked) };
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
