/** A message like the one before it is read without llhttp, and is what llhttp would have read, whatever comes. */
import { Budget } from '../../../recorder/follow/budget';
import { defaultLimits } from '../../../recorder/follow/limits';
import { Llhttp } from '../../../recorder/parse/http1/llhttp';
import { MessageReader, type MessageSink } from '../../../recorder/parse/http1/message-reader';
import { SeenMessage } from '../../../recorder/parse/http1/seen-message';
import type { Body } from '../../../tape/model/body';
import type { Side } from '../../../tape/model/content-model';
import { get, head, ok, post } from '../../support/converse';
import { corpusIsThere, readCorpus } from '../../support/llhttp-corpus';
import { pick, type Random, seededRandom } from '../../support/seeded-random';

/** What a conversation may say of a message: that it has to wait, and what follows its head. */
interface Answers {
  readonly waits: readonly boolean[];
  readonly verdicts: readonly number[];
}

const willing: Answers = { waits: [false], verdicts: [0] };

/** Reads pieces as a conversation does, and tells all that it heard. */
function heardOf(side: Side, pieces: readonly Buffer[], { waits, verdicts }: Answers): unknown[] {
  const heard: unknown[] = [];
  let asked = 0;
  let heads = 0;
  const sink: MessageSink = {
    messageBegins: (_, atUs) => {
      const begins = waits[asked++ % waits.length] !== true;
      heard.push({ begins, atUs });
      return begins;
    },
    headRead: (_, reader) => {
      const { status, startText, headers, upgrade, headLength, startedAtUs, awaitsBody } = reader;
      heard.push({ status, startText, headers, upgrade, headLength, startedAtUs, awaitsBody });
      const verdict = verdicts[heads++ % verdicts.length] ?? 0;
      return verdict === 3 ? reader.refuseHead() : verdict;
    },
    messageEnds: (_, reader) => {
      heard.push(side === 'request' ? reader.takeRequest() : reader.takeResponse([]), reader.bodyIsTruncated);
    },
  };
  const memory = { limits: defaultLimits, budget: new Budget(1 << 30), openSpill: () => null };
  const reader = new MessageReader(side, sink, memory);
  const read = (bytes: Buffer, atUs: number) => {
    let stop = reader.read(bytes, 0, atUs);
    for (let more = 0; stop !== 'end' && more < 100; more++) {
      heard.push({ stop, left: bytes.length - reader.stoppedAt, stage: reader.stage });
      if (stop === 'invalid' || stop === 'too-long') return reader.reset();
      if (stop === 'upgrade') reader.resumeAfterUpgrade();
      stop = reader.read(bytes, reader.stoppedAt, atUs);
    }
  };
  for (const [at, piece] of pieces.entries()) read(piece, at);
  reader.finish(pieces.length);
  heard.push(reader.stage, reader.requestSoFar());
  reader.free();
  return heard;
}

/** The same by llhttp alone. */
function heardByLlhttp(side: Side, pieces: readonly Buffer[], answers: Answers): unknown[] {
  const isSeen = jest.spyOn(SeenMessage.prototype, 'like').mockReturnValue(null);
  const heard = heardOf(side, pieces, answers);
  isSeen.mockRestore();
  return heard;
}

const requests = [
  get('/a'),
  get('/b'),
  post('/a', 'body'),
  post('/a', 'ydob'),
  head('POST /c HTTP/1.1', ['Transfer-Encoding: chunked']).concat('2\r\nab\r\n0\r\n\r\n'),
  head('POST /c HTTP/1.1', ['Transfer-Encoding: chunked']).concat('2\r\nab\r\n0\r\nT: 1\r\n\r\n'),
  head('GET /u HTTP/1.1', ['Connection: upgrade', 'Upgrade: w']),
  head('GET /close HTTP/1.1', ['Connection: close']),
  'GET /lf HTTP/1.1\nHost: a\r\n\r\n',
  'GET /alone HTTP/1.1\n\n',
  `\r\n${get('/a')}`,
  `${get('/a')}\r\n`,
  `${post('/a', 'body')}\r\n`,
  `${get('/a')}\r`,
  get('/a') + get('/a'),
  `${get('/a')}GET`,
  ' /rest HTTP/1.1\r\n\r\n',
  get('/a') + post('/b', 'x'),
  get('/cut').slice(0, 9),
  head('POST /long HTTP/1.1', ['Content-Length: 9']).concat('1234'),
  '56789',
  'CONNECT a:1 HTTP/1.1\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\n',
  'GET /version HTTP/1.2\r\n\r\n',
  head('GET /bad HTTP/1.1', ['Content-Length: x']),
  head('POST /both HTTP/1.1', ['Content-Length: 3', 'Transfer-Encoding: gzip']).concat('abc'),
];

const responses = [
  ok('A'),
  ok('B'),
  ok(''),
  ok('A', 'Connection: close'),
  head('HTTP/1.1 204 No Content', []),
  head('HTTP/1.1 304 Not Modified', ['Content-Length: 5']),
  head('HTTP/1.1 200 OK', ['Content-Length: 5']),
  head('HTTP/1.1 200 OK', ['Content-Length: 5']).concat('hello'),
  head('HTTP/1.1 100 Continue', []),
  head('HTTP/1.1 100 Continue', []).concat(ok('A')),
  head('HTTP/1.1 101 Switching Protocols', ['Connection: upgrade', 'Upgrade: w']),
  head('HTTP/1.1 200 OK', ['Transfer-Encoding: chunked']).concat('1\r\na\r\n0\r\n\r\n'),
  head('HTTP/1.1 200 OK', ['Transfer-Encoding: chunked']).concat('0\r\n\r\n'),
  'HTTP/1.0 200 OK\r\n\r\nuntil the end',
  'more',
  `\r\n${ok('A')}`,
  `${ok('A')}\r\n`,
  ok('A') + ok('A'),
  'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n',
  'HTTP/2.0 200 OK\r\n\r\n',
];

const saidBy = { request: requests, response: responses } as const;

/** Mostly what was said just before, as on a connection that is kept. */
function pieces(random: Random, side: Side): Buffer[] {
  const said = saidBy[side];
  let last: string = pick(random, said);
  return Array.from({ length: 40 }, () => {
    if (random() < 0.35) last = pick(random, said);
    const bytes = Buffer.from(last, 'latin1');
    if (random() < 0.05) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    return bytes;
  });
}

function answers(random: Random): Answers {
  const oftenNone = random() < 0.5 ? [0] : [0, 0, 0, 1, 1, 2, 3];
  return {
    waits: Array.from({ length: 7 }, () => random() < 0.2).concat(false),
    verdicts: Array.from({ length: 13 }, () => pick(random, oftenNone)),
  };
}

describe('a message like the one before', () => {
  it('is not one behind which another begins', () => {
    const said = Array(4)
      .fill([`${get('/a')}GET`, ' /b HTTP/1.1\r\n\r\n'])
      .flat()
      .map((text: string) => Buffer.from(text));
    expect(heardOf('request', said, willing)).toEqual(heardByLlhttp('request', said, willing));
  });

  it.each(['request', 'response'] as const)('is the one that llhttp reads (%s)', (side) => {
    const random = seededRandom(side);
    for (let round = 0; round < 400; round++) {
      const said = pieces(random, side);
      const all = random() < 0.3 ? willing : answers(random);
      expect(heardOf(side, said, all)).toEqual(heardByLlhttp(side, said, all));
    }
  });

  it('is read without llhttp from the third on', () => {
    const execute = jest.spyOn(Llhttp.prototype, 'execute');
    heardOf('request', Array(10).fill(Buffer.from(get('/a'))), willing);
    heardOf('response', Array(10).fill(Buffer.from(ok('same'))), willing);
    expect(execute).toHaveBeenCalledTimes(4);
    execute.mockRestore();
  });

  it('may have another body, of the same length', () => {
    const bodies = ['one', 'two', 'six', 'ten'];
    const said = bodies.map((body) => Buffer.from(ok(body)));
    const messages = heardOf('response', said, willing) as { readonly body?: Body }[];
    expect(messages.flatMap((one) => (one?.body ? [Buffer.from(one.body.bytes).toString()] : []))).toEqual(bodies);
  });

  (corpusIsThere ? it : it.skip)('is the one that llhttp reads, in its own cases', () => {
    for (const { side, input } of readCorpus()) {
      if (side === 'url') continue;
      const said = Array(4).fill(input) as Buffer[];
      expect(heardOf(side, said, willing)).toEqual(heardByLlhttp(side, said, willing));
    }
  });
});
