/**
 * Random conversations of clients that wait for their answers, with random losses at random places, several at once, and
 * joined at random moments: no exchange that says it is complete is wrong, no request stands beside another one's answer.
 * (Clients that send ahead are held to the same, one hole at a time, in cuts-and-holes.)
 */
import { headerValue } from '../../../tape/model/body';
import type { Exchange } from '../../../tape/model/exchange';
import { httpIn } from '../../support/contents';
import { client, closes, eventsOf, head, play, server, summary, type Turn, waits } from '../../support/converse';
import { type Below, belowOf, cut, joinedAt, withHole } from '../../support/event-changes';

/** Requests and answers of every shape; all carry their target, bodies too. */
function request(target: string, below: Below): string {
  const body = `${target} `.repeat(1 + below(6));
  const framed = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const shapes = [
    head(`HEAD ${target} HTTP/1.1`, ['Host: shop']),
    head(`POST ${target} HTTP/1.1`, [`Content-Length: ${body.length}`]) + body,
    head(`PUT ${target} HTTP/1.1`, ['Transfer-Encoding: chunked']) + framed,
    head(`GET ${target} HTTP/1.1`, ['Host: shop']),
  ];
  return shapes[below(shapes.length)] ?? '';
}

function answer(target: string, toHead: boolean, below: Below): string {
  const body = `${target} `.repeat(1 + below(6));
  const sized = head('HTTP/1.1 200 OK', [`X-For: ${target}`, `Content-Length: ${body.length}`]);
  if (toHead) return sized;
  const framed = `${body.length.toString(16)}\r\n${body}\r\n3\r\nabc\r\n0\r\n\r\n`;
  const shapes = [
    head('HTTP/1.1 204 No Content', [`X-For: ${target}`]),
    head('HTTP/1.1 100 Continue', []) + sized + body,
    head('HTTP/1.1 200 OK', [`X-For: ${target}`, 'Transfer-Encoding: chunked']) + framed,
    sized + body,
  ];
  return shapes[below(shapes.length)] ?? '';
}

function conversation(below: Below): Turn[] {
  const turns: Turn[] = [];
  for (let i = 0; i < 3 + below(12); i++) {
    const asked = request(`/${i}`, below);
    turns.push(client(asked), server(answer(`/${i}`, asked.startsWith('HEAD'), below)));
    if (below(10) === 0) turns.push(waits(below(4_000_000)));
  }
  return below(5) === 0 ? turns : [...turns, closes()];
}

function identity(exchange: Exchange): string {
  const { request, response } = httpIn(exchange);
  const parts = [request, response].map((message) => message && { ...message, startedAtUs: 0, endedAtUs: 0 });
  return JSON.stringify([parts, exchange.outcome], (_, value: unknown) =>
    value instanceof Uint8Array ? [...value] : value,
  );
}

/** Complete and never said, or beside another request's answer. */
function isWrong(exchange: Exchange, truth: ReadonlySet<string>): boolean {
  const { problems } = exchange;
  const { request, response } = httpIn(exchange);
  const answered = response === null ? undefined : headerValue(response.headers, 'x-for');
  const mispaired = request !== null && answered !== undefined && answered !== request.target;
  return mispaired || (problems.length === 0 && !truth.has(identity(exchange)));
}

it.each(Array.from({ length: 12 }, (_, i) => i))('says nothing wrong (seed %d)', (seed) => {
  const below = belowOf(seed * 104_729 + 7);
  const wrong: string[] = [];
  let complete = 0;
  for (let round = 0; round < 12; round++) {
    const role = (['inbound', 'outbound', 'unknown'] as const)[below(3)] ?? 'inbound';
    const events = eventsOf({ role }, conversation(below));
    const truth = new Set(play(events).exchanges.map(identity));
    for (let loss = 0; loss < 20; loss++) {
      let pieces = cut(events, 1 + below(below(2) === 0 ? 40 : 400));
      if (below(3) === 0) pieces = joinedAt(pieces, 1 + below(pieces.length - 1));
      for (let holes = below(4); holes > 0; holes--) pieces = withHole(pieces, below);
      for (const exchange of play(pieces).exchanges) {
        if (exchange.problems.length === 0) complete++;
        if (isWrong(exchange, truth)) wrong.push(summary(exchange));
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(complete).toBeGreaterThan(300); // a recorder that marks everything would pass as well
});
