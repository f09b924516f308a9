/**
 * Plays the server of recorded conversations: a handshake is matched like any request, and then each recorded message of the
 * server goes out after what the client had said before it. What the client says that was not recorded is a miss. A handshake
 * that was not recorded may be sent on to its upstream, and the conversation with it.
 */
import { type Answering, type Found, type FoundMock, markHeader, markOf, replyMiss } from '../../answering';
import type { Asked } from '../../front/asked';
import type { Mock, MockSet } from '../../mock';
import { createPassthrough, type Passthrough } from '../../passthrough/passthrough';
import type { MockHost, OpenHost } from '../host';
import { handshakeOf } from './handshake';
import { Talk } from './talk';

export const webSocketHost: MockHost = {
  name: 'websocket',
  takes: ({ upgrade, upstream, target }, set) =>
    upgrade?.protocol === 'websocket' && !wasRefused(`${upstream} ${pathOf(target)}`, set),
  open: (answering) => new WebSocketMocks(answering),
};

class WebSocketMocks implements OpenHost {
  private readonly talks = new Set<Talk>();

  private readonly passthrough: Passthrough;

  constructor(private readonly answering: Answering) {
    this.passthrough = createPassthrough(answering.set);
  }

  serve(asked: Asked): void {
    const wire = () => `websocket ${asked.upstream} ${asked.method} ${asked.target}`;
    const found = this.answering.find(asked, handshakeOf(asked), { host: 'websocket', wire });
    if (found.kind === 'miss') this.miss(asked, found);
    else this.inTime(asked, found);
  }

  private miss(asked: Asked, { miss, passTo }: Found & { readonly kind: 'miss' }): void {
    if (passTo === null) replyMiss(asked.reply, miss);
    else this.passthrough.send(passTo, asked, Buffer.alloc(0));
  }

  private inTime(asked: Asked, found: FoundMock): void {
    const { answer } = found.mock;
    if (answer.kind !== 'conversation') return;
    const begin = () => this.begin(asked, found);
    if (this.answering.options.latency !== 'recorded' || answer.latencyMs === 0) begin();
    else setTimeout(() => this.answering.guard(asked, begin), answer.latencyMs).unref();
  }

  private begin(asked: Asked, found: FoundMock): void {
    const { mock } = found;
    if (mock.answer.kind !== 'conversation') return;
    const mark = this.answering.options.mark === true ? [[markHeader, markOf(found)] as const] : [];
    const talk = new Talk(asked, mock, mock.answer, { answering: this.answering, mark });
    this.talks.add(talk);
    talk.whenOver(() => this.talks.delete(talk));
  }

  close(): void {
    for (const talk of this.talks) talk.destroy();
    this.passthrough.close();
  }
}

/** Where handshakes were recorded that were refused, and none that was not: those are requests like others. */
function wasRefused(place: string, { mocks }: MockSet): boolean {
  const there = mocks.filter((mock) => placeOf(mock) === place);
  return (
    there.some(({ host, request }) => host !== 'websocket' && asksForSocket(request.headers)) &&
    !there.some(({ host }) => host === 'websocket')
  );
}

function placeOf({ upstream, request }: Mock): string {
  return `${upstream} ${pathOf(request.target)}`;
}

function pathOf(target: string): string {
  return target.split('?')[0] ?? '';
}

function asksForSocket(headers: Mock['request']['headers']): boolean {
  return headers.some(([name, value]) => name.toLowerCase() === 'upgrade' && value.toLowerCase() === 'websocket');
}
