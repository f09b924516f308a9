/** Answers requests with recorded responses: the body is read whole, the mock matched, and what was recorded written. */
import { type Answering, replyJson, replyMiss } from '../../answering';
import { takeWhole, wireKey } from '../../body';
import type { Asked } from '../../front/asked';
import { liveRequest } from '../../live-request';
import type { Strictness } from '../../match/matcher';
import type { Mock } from '../../mock';
import { createPassthrough, type Passthrough } from '../../passthrough/passthrough';
import type { MockHost, OpenHost } from '../host';
import { createReplies, type Replies, writeAnswer } from './reply';

export const httpHost: MockHost = {
  name: 'http',
  takes: () => true,
  open: (answering) => new HttpMocks(answering),
};

class HttpMocks implements OpenHost {
  private readonly replies: Replies;
  private readonly passthrough: Passthrough;

  constructor(private readonly answering: Answering) {
    this.replies = createReplies({ mark: answering.options.mark ?? false });
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

  private write(
    asked: Asked,
    body: Buffer,
    { mock, strictness }: { readonly mock: Mock; readonly strictness: Strictness },
  ): void {
    const toCalls = this.replies.toCalls(mock, strictness, () => liveRequest(asked, body));
    if (toCalls !== null) {
      writeAnswer(asked, { ...toCalls, answering: this.answering });
      return;
    }
    const prepared = this.replies.of(mock, strictness);
    if (mock.answer.kind === 'conversation' || mock.answer.kind === 'call') return; // of another host, whose mocks are never found for this one
    if (mock.answer.kind !== 'response') asked.reply.fail(mock.answer.kind);
    else if (prepared === undefined) asked.reply.abort();
    else writeAnswer(asked, { prepared, answer: mock.answer, answering: this.answering });
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
