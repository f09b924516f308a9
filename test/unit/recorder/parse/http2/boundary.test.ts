/** Where HTTP/2 begins: its preface at the opening, strong evidence in the midst; and never where another protocol speaks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { joins, recognise, resumes } from '../../../../../recorder/parse/http2/boundary';
import {
  answers,
  asks,
  clientOpening,
  data,
  frame,
  headers,
  indexed,
  preface,
  serverOpening,
  settings,
} from '../../../../support/http2-frames';
import { seededRandom } from '../../../../support/seeded-random';
import { root } from '../../../../support/source-tree';

const sides = ['request', 'response'] as const;
const anyStream = () => true;
const windowUpdate = frame('WINDOW_UPDATE', 0, 0, Buffer.from([0, 0, 1, 0]));

interface Opening {
  readonly protocol: string;
  readonly calls: readonly { readonly who: 'client' | 'server'; readonly base64: string }[];
}
const openings = JSON.parse(
  readFileSync(join(root, 'fixtures/openings/conversations.json'), 'utf8'),
) as readonly Opening[];

describe('at the opening', () => {
  it('is the preface, and unsure until all of it is there', () => {
    for (let size = 1; size < preface.length; size++)
      expect(recognise('request', preface.subarray(0, size))).toBe('unsure');
    expect(recognise('request', clientOpening)).toBe('yes');
    expect(recognise('request', Buffer.from('PRI * HTTP/2.0\r\n\r\nXX'))).toBe('no');
    expect(recognise('request', serverOpening)).toBe('no');
  });

  it("waits for the client after a server's settings, and no longer than they are", () => {
    for (let size = 1; size <= serverOpening.length; size++)
      expect(recognise('response', serverOpening.subarray(0, size))).toBe('unsure');
    expect(recognise('response', Buffer.concat([settings([1, 4096]), windowUpdate]))).toBe('unsure');
    expect(recognise('response', Buffer.concat([serverOpening, Buffer.alloc(2000)]))).toBe('no');
    expect(recognise('response', Buffer.from('\0hello'))).toBe('no');
  });
});

describe('in the midst', () => {
  it.each([
    ['a request', 'request', asks(7, '/a', 'body'), 'yes'],
    ['a request behind a ping', 'request', Buffer.concat([frame('PING', 0, 0, Buffer.alloc(8)), asks(7, '/a')]), 'yes'],
    ['a request, and the beginning of its body', 'request', asks(7, '/a', 'body').subarray(0, -2), 'yes'],
    ['the beginning of a request', 'request', asks(7, '/a').subarray(0, 12), 'unsure'],
    ['an answer', 'response', answers(7, 'body'), 'yes'],
    ['an answer where a request is looked for', 'request', answers(7, 'body'), 'no'],
    ['a request of a stream that clients have not', 'request', asks(8, '/a'), 'no'],
    ['trailers', 'response', headers(7, [['grpc-status', '0']], { ends: true }), 'no'],
    ['a block that is cut by its own lengths', 'response', headers(7, Buffer.from([0x88, 0x40, 9])), 'no'],
    ['data', 'response', data(7, 'abc'), 'no'],
    ['a window', 'request', windowUpdate, 'no'],
    ['an answer with a byte too many in front', 'response', Buffer.concat([Buffer.alloc(1), answers(7, 'a')]), 'no'],
    ['a frame nobody knows', 'response', Buffer.concat([frame(0xbe, 7), headers(7, indexed(8))]), 'no'],
  ] as const)('takes %s for what it is', (_what, side, bytes, verdict) => {
    expect(joins(side, bytes)).toBe(verdict);
  });

  it('believes less where the protocol is known, and the streams are', () => {
    expect(resumes('request', windowUpdate, anyStream)).toBe('yes');
    expect(resumes('response', data(7, 'abc'), anyStream)).toBe('no');
    expect(resumes('response', answers(7, 'abc'), ({ stream }) => stream !== 7)).toBe('no');
    expect(resumes('request', clientOpening, anyStream)).toBe('yes');
  });

  it('finds none in what other protocols say', () => {
    const others = openings.filter(({ protocol }) => protocol !== 'HTTP/2');
    expect(others.length).toBeGreaterThan(10);
    for (const { calls } of others) {
      for (const { base64 } of calls) {
        const bytes = Buffer.from(base64, 'base64');
        for (const side of sides) expect([joins(side, bytes), recognise(side, bytes)]).not.toContain('yes');
      }
    }
  });

  it('finds none in noise', () => {
    const random = seededRandom('noise');
    let found = 0;
    for (let round = 0; round < 100_000; round++) {
      const bytes = Buffer.from(
        Array.from({ length: 9 + Math.floor(random() * 30) }, () => Math.floor(random() * 256)),
      );
      bytes[0] = 0;
      for (const side of sides) if (joins(side, bytes) === 'yes') found++;
    }
    expect(found).toBe(0);
  });
});
