/**
 * Conversations of node:http2, whole, cut at every byte, with holes, and joined late: whatever happens, an exchange that
 * says it is complete is one that was said, byte for byte, and no request stands beside another one's answer.
 */
import type { ClientHttp2Session } from 'node:http2';
import type { SourceEvent } from '../../../recorder/source/events';
import { headerValue } from '../../../tape/model/body';
import type { Exchange } from '../../../tape/model/exchange';
import { httpIn } from '../../support/contents';
import { eventsOf, play, summary, type Turn } from '../../support/converse';
import { type Below, belowOf, cut, dataPlaces, joinedAt, withHole, withHoleAt } from '../../support/event-changes';
import { talkHttp2 } from '../../support/http2-talk';

/** Bodies name their call, so that no two are the same. */
const bodyOf = (path: string, size: number) => `${path} `.repeat(1 + Math.floor(size / (path.length + 1)));

/** One call after another, or all at a time; fields come again and again, so that tables are used. */
function conversation(calls: number, together: boolean, below: Below): Promise<readonly Turn[]> {
  const sizes = Array.from({ length: calls }, () => (below(3) === 0 ? 0 : below(400)));
  return talkHttp2({
    answer(stream, headers) {
      const path = String(headers[':path']);
      stream.resume();
      stream.on('error', () => undefined);
      stream.on('end', () => {
        if (below(4) === 0) stream.additionalHeaders({ ':status': 103, link: `<${path}.css>` });
        const fields = {
          ':status': below(5) === 0 ? 404 : 200,
          'x-for': path,
          'x-same': 'again and again',
          [`x-${below(5)}`]: `value ${below(9)}`,
        };
        if (below(4) === 0) {
          stream.respond(fields, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': path }));
        } else stream.respond(fields);
        stream.end(headers[':method'] === 'HEAD' ? undefined : bodyOf(path, below(600)));
      });
    },
    async ask(session) {
      const asked = sizes.map((size, i) => () => call(session, `/${i}`, size));
      if (together) await Promise.all(asked.map((one) => one()));
      else for (const one of asked) await one();
    },
  });
}

function call(session: ClientHttp2Session, path: string, size: number): Promise<void> {
  return new Promise((resolve) => {
    const fields = {
      ':method': size === 0 ? 'GET' : 'POST',
      ':path': path,
      authorization: 'Bearer one',
      'x-same': `${size % 3}`,
    };
    const stream = session.request(fields, { endStream: size === 0 });
    stream
      .on('error', () => undefined)
      .on('close', resolve)
      .resume();
    if (size > 0) stream.end(bodyOf(path, size));
  });
}

function identity({ content: _content, ...exchange }: Exchange & { content: unknown }): string {
  const { request, response } = httpIn({ ...exchange, content: _content } as Exchange);
  const parts = [request, response].map((message) => message && { ...message, startedAtUs: 0, endedAtUs: 0 });
  return JSON.stringify([exchange.protocol, exchange.channel, exchange.outcome, parts], (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  );
}

/** Complete and never said, or beside another request's answer. */
function isWrong(exchange: Exchange, truth: ReadonlySet<string>): boolean {
  const { request, response } = httpIn(exchange);
  const answered = response === null ? undefined : headerValue(response.headers, 'x-for');
  const mispaired = request !== null && answered !== undefined && answered !== request.target;
  return mispaired || (exchange.problems.length === 0 && !truth.has(identity(exchange)));
}

function swapNeighbours(events: readonly SourceEvent[], below: Below): SourceEvent[] {
  const swapped = [...events];
  for (let i = 1; i + 2 < swapped.length; i++) {
    const [a, b] = [swapped[i], swapped[i + 1]];
    if (below(10) >= 3 || a === undefined || b === undefined) continue;
    swapped[i] = { ...b, atUs: a.atUs };
    swapped[i + 1] = { ...a, atUs: b.atUs };
    i++;
  }
  return swapped;
}

/** Time between turns, so that what was said before a hole is told from what came after it. */
function slower(events: readonly SourceEvent[]): SourceEvent[] {
  const first = events[0]?.atUs ?? 0;
  return events.map((event) => ({ ...event, atUs: first + (event.atUs - first) * 100 }));
}

const sides = ['inbound', 'outbound', 'unknown'] as const;
const shapes = [
  ['one after another', 8, false],
  ['all at a time', 12, true],
] as const;

describe.each(shapes)('calls %s', (name, calls, together) => {
  let turns: readonly Turn[];
  beforeAll(async () => {
    turns = await conversation(calls, together, belowOf(name));
  });

  it.each(sides)('are the same cut into pieces of any size, as %s', (role) => {
    const events = eventsOf({ role }, turns);
    const truth = play(events).exchanges.map(identity);
    expect(truth).toHaveLength(calls);
    expect(play(events).exchanges.flatMap(({ problems }) => problems)).toEqual([]);
    for (const size of [1, 2, 3, 5, 8, 13, 21, 34, 55]) {
      expect(play(cut(events, size)).exchanges.map(identity)).toEqual(truth);
    }
  });

  it('are the same with the two directions out of step, and pieces out of order', () => {
    const below = belowOf(`${name} out of step`);
    const events = eventsOf({}, turns);
    const truth = play(events).exchanges.map(identity).sort();
    for (let round = 0; round < 30; round++) {
      const seen = play(swapNeighbours(cut(events, 1 + below(60)), below));
      expect(seen.exchanges.map(identity).sort()).toEqual(truth);
      expect(seen.exchanges.flatMap(({ problems }) => problems)).toEqual([]);
    }
  });

  it.each([1, 3, 9, 40, 1000])('say nothing wrong with a hole at any piece of %d bytes', (size) => {
    const events = slower(eventsOf({}, turns));
    const truth = new Set(play(events).exchanges.map(identity));
    const pieces = cut(events, size);
    const all = dataPlaces(pieces);
    const places = all.filter((_, i) => all.length < 150 || i % Math.ceil(all.length / 150) === 0);
    let complete = 0;
    for (const place of places) {
      const seen = play(withHoleAt(pieces, place));
      expect(seen.exchanges.filter((one) => isWrong(one, truth)).map(summary)).toEqual([]);
      expect(seen.losses.length).toBeGreaterThan(0);
      complete += seen.exchanges.filter(({ problems }) => problems.length === 0).length;
    }
    expect(complete).toBeGreaterThan(places.length);
  });

  it('say nothing wrong joined at any of their pieces', () => {
    const events = slower(eventsOf({}, turns));
    const truth = new Set(play(events).exchanges.map(identity));
    for (const size of [25, 100_000]) {
      const pieces = cut(events, size);
      for (const place of dataPlaces(pieces)) {
        const { exchanges } = play(joinedAt(pieces, place));
        expect(exchanges.filter((one) => isWrong(one, truth)).map(summary)).toEqual([]);
      }
    }
  });

  it('are cut short at any of their pieces without saying anything wrong', () => {
    const pieces = cut(eventsOf({}, turns), 11);
    const truth = new Set(play(pieces).exchanges.map(identity));
    for (const place of dataPlaces(pieces)) {
      const { exchanges } = play(pieces.slice(0, place));
      expect(exchanges.filter((one) => isWrong(one, truth)).map(summary)).toEqual([]);
    }
  });
});

describe('random conversations with random losses', () => {
  it.each(Array.from({ length: 6 }, (_, seed) => seed))('say nothing wrong (seed %d)', async (seed) => {
    const below = belowOf(seed * 104_729 + 11);
    const wrong: string[] = [];
    let complete = 0;
    for (let round = 0; round < 4; round++) {
      const events = slower(
        eventsOf({ role: sides[below(3)] ?? 'inbound' }, await conversation(3 + below(12), below(2) === 0, below)),
      );
      const truth = new Set(play(events).exchanges.map(identity));
      for (let loss = 0; loss < 40; loss++) {
        let pieces = cut(events, 1 + below(below(2) === 0 ? 40 : 2000));
        if (below(3) === 0) pieces = joinedAt(pieces, 1 + below(pieces.length - 1));
        for (let holes = below(4); holes > 0; holes--) pieces = withHole(pieces, below);
        for (const exchange of play(pieces).exchanges) {
          if (exchange.problems.length === 0) complete++;
          if (isWrong(exchange, truth)) wrong.push(summary(exchange));
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(complete).toBeGreaterThan(200); // a recorder that marks everything would pass as well
  });
});
