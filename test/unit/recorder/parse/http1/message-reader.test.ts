import { Budget } from '../../../../../recorder/follow/budget';
import { defaultLimits } from '../../../../../recorder/follow/limits';
import { MessageReader, type MessageSink } from '../../../../../recorder/parse/http1/message-reader';
import type { HttpResponse } from '../../../../../tape/model/http/http';
import { head } from '../../../../support/converse';
import { corpusIsThere, readCorpus } from '../../../../support/llhttp-corpus';
import { seededRandom } from '../../../../support/seeded-random';

/** A reader of responses that notes each message, and takes every one. */
function reading(side: 'request' | 'response' = 'response'): { reader: MessageReader; messages: unknown[] } {
  const messages: unknown[] = [];
  const sink: MessageSink = {
    messageBegins: () => true,
    headRead: () => 0,
    messageEnds: (_side, reader) => messages.push(side === 'request' ? reader.takeRequest() : reader.takeResponse([])),
  };
  return {
    reader: new MessageReader(side, sink, {
      limits: defaultLimits,
      budget: new Budget(1 << 30),
      openSpill: () => null,
    }),
    messages,
  };
}

function read(reader: MessageReader, text: string): string {
  return reader.read(Buffer.from(text, 'latin1'), 0, 0);
}

const chunkedHead = head('HTTP/1.1 200 OK', ['Transfer-Encoding: chunked']);

describe('passing over what was not captured', () => {
  it('works inside a chunk, and not in the framing between chunks', () => {
    const { reader } = reading();
    read(reader, `${chunkedHead}8\r\nab`);
    expect([reader.skip(3, 'lost-bytes', 0), reader.stoppedAt]).toEqual(['end', 3]);
    read(reader, 'cde\r');
    expect([reader.skip(1, 'lost-bytes', 0), reader.stoppedAt]).toEqual(['end', 0]);
  });

  it('does not take half a chunk size for the length of a chunk', () => {
    for (const framing of ['\r\n1', '\r\n10', '\r\n10\r', '\r\n10;ext']) {
      const { reader } = reading();
      read(reader, `${chunkedHead}2\r\nab`);
      read(reader, framing);
      expect([framing, reader.skip(4, 'lost-bytes', 0), reader.stoppedAt]).toEqual([framing, 'end', 0]);
    }
  });

  it('stops at the end of a body, whose message it ends', () => {
    const { reader, messages } = reading();
    read(reader, `${head('HTTP/1.1 200 OK', ['Content-Length: 6'])}ab`);
    expect([reader.skip(100, 'lost-bytes', 0), reader.stoppedAt]).toEqual(['end', 4]);
    expect(messages).toEqual([expect.objectContaining({ body: expect.objectContaining({ wireSize: 6 }) })]);
    read(reader, head('HTTP/1.1 204 OK', []));
    expect(messages).toHaveLength(2);
  });

  it('does nothing between messages and in heads', () => {
    const { reader } = reading();
    expect([reader.skip(5, 'lost-bytes', 0), reader.stoppedAt]).toEqual(['end', 0]);
    read(reader, 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n');
    expect([reader.skip(5, 'lost-bytes', 0), reader.stoppedAt]).toEqual(['end', 0]);
  });

  it('ends no body that ends with the connection', () => {
    const { reader, messages } = reading();
    read(reader, 'HTTP/1.1 200 OK\r\n\r\nab');
    expect([reader.skip(5_000_000_000, 'lost-bytes', 0), reader.stoppedAt]).toEqual(['end', 5_000_000_000]);
    reader.finish(0);
    expect(messages).toEqual([expect.objectContaining({ body: expect.objectContaining({ wireSize: 5_000_000_002 }) })]);
  });
});

describe('large bodies', () => {
  const body = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));

  function bodyOf(wire: Buffer, size: number): Uint8Array {
    const { reader, messages } = reading();
    for (let at = 0; at < wire.length; at += size) expect(reader.read(wire.subarray(at, at + size), 0, 0)).toBe('end');
    return (messages[0] as HttpResponse).body.bytes;
  }

  it.each([1000, 4096, 16_384, 70_000, 1_000_000])('come whole in pieces of %d bytes', (size) => {
    const plain = Buffer.concat([Buffer.from(head('HTTP/1.1 200 OK', [`Content-Length: ${body.length}`])), body]);
    expect(Buffer.compare(bodyOf(plain, size), body)).toBe(0);
    const chunks = Array.from({ length: 5 }, (_, i) => body.subarray(i * 40_000, (i + 1) * 40_000));
    const framed = chunks.flatMap((chunk) => [
      Buffer.from(`${chunk.length.toString(16)}\r\n`),
      chunk,
      Buffer.from('\r\n'),
    ]);
    const wire = Buffer.concat([Buffer.from(chunkedHead), ...framed, Buffer.from('0\r\n\r\n')]);
    expect(Buffer.compare(bodyOf(wire, size), body)).toBe(0);
  });
});

const cases = readCorpus().filter((one) => one.side !== 'url');
(corpusIsThere ? it : it.skip)('reads the corpus of llhttp the same however it is cut', () => {
  const random = seededRandom('corpus');
  for (const one of cases) {
    const side = one.side === 'response' ? 'response' : 'request';
    const whole = readPieces(side, [one.input]);
    expect(
      readPieces(
        side,
        Array.from(one.input, (byte) => Buffer.from([byte])),
      ),
    ).toEqual(whole);
    for (let round = 0; round < 5; round++) {
      const at = Math.floor(random() * one.input.length);
      expect(readPieces(side, [one.input.subarray(0, at), one.input.subarray(at)])).toEqual(whole);
    }
  }
});

/** Messages, and how it ended; a stop other than the end stops it for good. */
function readPieces(side: 'request' | 'response', pieces: readonly Buffer[]): unknown {
  const { reader, messages } = reading(side);
  const stop = pieces.map((piece) => reader.read(piece, 0, 0)).find((one) => one !== 'end');
  reader.free();
  return { messages, stop };
}

describe('fields that come again on a connection', () => {
  const headersOf = (messages: readonly unknown[]) => messages.map((message) => (message as HttpResponse).headers);

  it('are one list, whatever stands before them', () => {
    const { reader, messages } = reading('request');
    const fields = ['Host: a', 'X-Empty:', 'X-Id: 1'];
    for (const target of ['/a', '/longer']) read(reader, head(`GET ${target} HTTP/1.1`, fields));
    read(reader, head('GET /a HTTP/1.1', ['Host: a', 'X-Empty:', 'X-Id: 2']));
    const [first, second, third] = headersOf(messages);
    expect(second).toBe(first);
    expect([second?.at(-1), third?.at(-1)]).toEqual([
      ['X-Id', '1'],
      ['X-Id', '2'],
    ]);
  });

  it('are told apart where only an empty field, or nothing, follows', () => {
    const { reader, messages } = reading('request');
    const lists = [['Host: a'], ['Host: a', 'X-Empty:'], ['Host: a', 'X-Empty:'], ['Host: a'], []];
    for (const fields of lists) read(reader, head('GET / HTTP/1.1', fields));
    expect(headersOf(messages).map((headers) => headers.map(([name]) => name))).toEqual([
      ['Host'],
      ['Host', 'X-Empty'],
      ['Host', 'X-Empty'],
      ['Host'],
      [],
    ]);
  });

  it('are the same in pieces as in one', () => {
    const { reader, messages } = reading('request');
    const text = head('GET / HTTP/1.1', ['Host: a', 'X-Folded: one\r\n two', 'X-Id: 1']);
    read(reader, text);
    for (const sign of text) read(reader, sign);
    const [first, second] = headersOf(messages);
    expect(second).toEqual(first);
  });
});

describe('fields of a connection', () => {
  const random = seededRandom(4);
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const values = ['a', 'ab', 'abc', 'abc ', 'abc\r\n d', '', ' ', 'b', 'Abc'];
  const names = ['A', 'AB', 'ABC', 'a', 'X-Value'];
  const messageOf = () => {
    const fields = Array.from(
      { length: Math.floor(random() * 4) },
      () => `${one(names)}:${one(['', ' '])}${one(values)}`,
    );
    return head('HTTP/1.1 204 No Content', fields);
  };

  it('are what they are by themselves, however like those before them', () => {
    const connection = reading();
    const texts = Array.from({ length: 2000 }, messageOf);
    const alone = texts.flatMap((text) => {
      const { reader, messages } = reading();
      read(reader, text);
      return messages;
    });
    for (const text of texts) read(connection.reader, text);
    expect(connection.messages).toEqual(alone);
  });

  it('are the very ones of before where they did not change', () => {
    const { reader, messages } = reading();
    for (const id of ['1', '2'])
      read(reader, head('HTTP/1.1 204 No Content', ['Server: nginx', `X-Id: ${id}`, 'Via: a']));
    const [first, second] = (messages as HttpResponse[]).map(({ headers }) => headers);
    expect(second).toEqual([first?.[0], ['X-Id', '2'], first?.[2]]);
    expect([0, 1, 2].map((i) => second?.[i] === first?.[i])).toEqual([true, false, true]);
  });
});
