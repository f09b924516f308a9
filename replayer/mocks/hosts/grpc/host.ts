/**
 * Plays the server of recorded calls of gRPC. A call that was answered once its client had said everything is read whole and
 * matched by all of it; where a client was answered while it still spoke, a call is matched by its first message, and each
 * step of the server follows what the client had said before it. Whatever is no answer of the tape ends a call with a status.
 */
import { type Answering, type Found, type FoundMock, markHeader, markOf } from '../../answering';
import { noBody, takeWhole, wireKey } from '../../body';
import { type Asked, pairsOf } from '../../front/asked';
import { liveRequest } from '../../live-request';
import type { MockSet } from '../../mock';
import { createPassthrough, type Passthrough } from '../../passthrough/passthrough';
import type { MockHost, OpenHost } from '../host';
import { Call } from './call';
import { type LiveMessage, listen } from './incoming';
import { bodyWith, isCall, pathOf, placeOf } from './read';
import { openingOf } from './script';
import { messageOf, replyStatus, statusOf } from './status';

export const grpcHost: MockHost = {
  name: 'grpc',
  takes: (asked) => asked.version === '2' && isCall([['content-type', asked.header('content-type') ?? '']]),
  open: (answering) => new GrpcMocks(answering),
};

/** When the mock of a call is known: when all was said, with the first message, or before it; `never` where none is. */
type Known = 'whole' | 'message' | 'head' | 'never';

class GrpcMocks implements OpenHost {
  private readonly places: ReadonlyMap<string, Known>;
  private readonly passthrough: Passthrough;
  /** What a call to a place that was not recorded is told by. */
  private readonly elsewhere: Known;

  constructor(private readonly answering: Answering) {
    const { set, matching, options } = answering;
    this.places = knownIn(set);
    this.passthrough = createPassthrough(set);
    const isAnywhere = options.onMiss === 'passthrough' || matching.rules.some(({ path }) => path[0] === 'path');
    this.elsewhere = isAnywhere ? 'whole' : 'never';
  }

  serve(asked: Asked): void {
    const known = this.places.get(`${asked.upstream} ${pathOf(asked.target)}`) ?? this.elsewhere;
    if (known === 'whole') this.readWhole(asked);
    else if (known === 'never') this.refuse(asked);
    else this.talk(asked, known);
  }

  /** At once: its client may wait for an answer before it says anything. */
  private refuse(asked: Asked): void {
    this.found(asked, this.find(asked, noBody), (call) => call.begin());
    asked.body.resume();
  }

  private readWhole(asked: Asked): void {
    takeWhole(asked, this.answering, {
      answer: (body) => this.answer(asked, body),
      refuse: (kind) => this.tooMuch(asked, kind, null),
    });
  }

  private answer(asked: Asked, body: Buffer): void {
    const wire = () => this.wireOf(asked, body);
    const found =
      this.answering.again(asked, wire()) ??
      this.answering.find(asked, liveRequest(asked, body), { host: 'grpc', wire });
    if (found.kind === 'miss' && found.passTo !== null) this.passthrough.send(found.passTo, asked, body);
    else this.found(asked, found, (call) => call.play());
  }

  private talk(asked: Asked, known: Known): void {
    asked.lasts();
    let call: Call | null = null;
    const start = (body: Buffer, first: LiveMessage | null): void => {
      this.found(asked, this.find(asked, body), (begun) => {
        call = begun;
        begun.begin();
        if (first !== null) begun.hearOpening(first);
      });
    };
    if (known === 'head') start(noBody, null);
    let isStarted = known === 'head';
    listen(asked, pairsOf(asked.headers()), this.answering, {
      message(message) {
        if (isStarted) call?.hear(message);
        else start(Buffer.from(bodyWith(message).bytes), message);
        isStarted = true;
      },
      end() {
        if (!isStarted) start(noBody, null);
        isStarted = true;
        call?.end();
      },
      tooMuch: (kind) => this.tooMuch(asked, kind, call),
    });
  }

  private wireOf(asked: Asked, body: Buffer): string {
    return wireKey(asked, { host: 'grpc', body, decides: this.answering.decides });
  }

  private find(asked: Asked, body: Buffer): Found {
    const wire = () => this.wireOf(asked, body);
    return this.answering.find(asked, liveRequest(asked, body), { host: 'grpc', wire, mayPass: false });
  }

  private found(asked: Asked, found: Found, begin: (call: Call) => void): void {
    if (found.kind === 'miss') replyStatus(asked.reply, statusOf(found.miss), messageOf(found.miss));
    else this.open(asked, found, begin);
  }

  private open(asked: Asked, found: FoundMock, begin: (call: Call) => void): void {
    const { mock } = found;
    if (mock.answer.kind !== 'call') return; // of another host, whose mocks are never found for this one
    const mark = this.answering.options.mark === true ? [markHeader, markOf(found)] : [];
    begin(new Call(asked, mock, mock.answer, { answering: this.answering, mark }));
  }

  private tooMuch({ reply }: Asked, kind: 'too-large' | 'no-room', call: Call | null): void {
    const { limits } = this.answering;
    this.answering.noteRefused();
    const text =
      kind === 'too-large'
        ? `wiretape: a message or a request is larger than ${limits.bodyBytes} bytes, which is all a mock takes`
        : `wiretape: the bodies of all requests together are larger than ${limits.allBodiesBytes} bytes`;
    if (call === null) replyStatus(reply, 'RESOURCE_EXHAUSTED', text);
    else call.fail('RESOURCE_EXHAUSTED', text);
  }

  close(): void {
    this.passthrough.close();
  }
}

/** Where several mocks of a place were opened in different ways, the first message is waited for. */
function knownIn({ mocks }: MockSet): ReadonlyMap<string, Known> {
  const places = new Map<string, Known>();
  for (const mock of mocks) {
    if (mock.answer.kind !== 'call') continue;
    const place = placeOf(mock);
    const opening = openingOf(mock.answer.steps) === null ? 'head' : 'message';
    const known = mock.answer.isTalk ? opening : 'whole';
    if (places.get(place) !== 'message') places.set(place, known);
  }
  return places;
}
