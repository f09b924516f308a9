/** Blocks of an event stream: what they say (WHATWG HTML 9.2.6), and back to the bytes they were. */
import { blockBytes, blocksIn, readBlock, streamOf } from '../../../../tape/body/event-stream';
import { seededRandom } from '../../../support/seeded-random';
import { bodyOf, epochUs } from '../../../support/tapes';

const blockOf = (text: string | Buffer, isFirst = false) => readBlock(Buffer.from(text), isFirst);
const shown = (text: string | Buffer, isFirst = false) => {
  const { kind, facts, bytes } = blockOf(text, isFirst);
  return [kind, Buffer.from(bytes).toString(), facts];
};

describe('a block', () => {
  it.each<[string, string, string, object]>([
    ['data: x\n\n', 'event', 'x', {}],
    ['data: a\ndata: b\ndata: \n\n', 'event', 'a\nb\n', {}],
    ['id: 1\nevent: add\nretry: 10\ndata: x\n\n', 'event', 'x', { id: '1', event: 'add', retry: 10 }],
    ['event: add\nid: 1\ndata: x\n\n', 'event', 'x', { id: '1', event: 'add', layout: 'event: …\nid: …\ndata: …\n\n' }],
    ['data:x\n\n', 'event', 'x', { layout: 'data:…\n\n' }],
    ['data:  two blanks\n\n', 'event', ' two blanks', {}],
    ['data: x\r\n\r\n', 'event', 'x', { layout: 'data: …\r\n\r\n' }],
    ['data: x\r\r', 'event', 'x', { layout: 'data: …\r\r' }],
    ['data\n\n', 'event', '', { layout: 'data…\n\n' }],
    [': why\ndata: x\nother: y\n\n', 'event', 'x', { layout: ': why\ndata: …\nother: y\n\n' }],
    ['\n\ndata: x\n\n', 'event', 'x', { layout: '\n\ndata: …\n\n' }],
    ['data: naïve…\n\n', 'event', 'naïve…', {}],
    [': keep open\n\n', 'comment', ': keep open\n\n', {}],
    ['id: 5\nretry: 3000\n\n', 'comment', 'id: 5\nretry: 3000\n\n', { id: '5', retry: 3000 }],
    ['retry: soon\ndata: x\n\n', 'event', 'x', { layout: 'retry: soon\ndata: …\n\n' }],
    ['event: a\nevent: b\ndata: x\n\n', 'event', 'event: a\nevent: b\ndata: x\n\n', { event: 'b', verbatim: true }],
    ['retry: 010\ndata: x\n\n', 'event', 'retry: 010\ndata: x\n\n', { retry: 10, verbatim: true }],
  ])('%j is %s %j', (text, kind, data, facts) => {
    expect(shown(text)).toEqual([kind, data, facts]);
  });

  it('begins with a byte order mark at the beginning of a stream only', () => {
    expect(shown('\ufeffdata: x\n\n', true)).toEqual(['event', 'x', { layout: '\ufeffdata: …\n\n' }]);
    expect(shown('\ufeffdata: x\n\n')[0]).toBe('comment');
  });

  it('keeps bytes that are no text', () => {
    const bytes = Buffer.concat([Buffer.from('data: '), Buffer.of(0xff, 0, 0xfe), Buffer.from('\n\n')]);
    expect(blockBytes(blockOf(bytes))).toEqual(bytes);
    const named = Buffer.concat([Buffer.from('event: '), Buffer.of(0xff), Buffer.from('\ndata: x\n\n')]);
    expect(blockOf(named)).toMatchObject({ kind: 'event', facts: { verbatim: true } });
    expect(blockBytes(blockOf(named))).toEqual(named);
  });

  it('holds data of another number of lines where something was taken out of it', () => {
    const { facts } = blockOf('data:a\ndata:b\nid:1\n\n');
    const written = (data: string) =>
      Buffer.from(blockBytes({ kind: 'event', facts, bytes: Buffer.from(data) })).toString();
    expect([written('one'), written('1\n2\n3')]).toEqual(['data:one\nid:1\n\n', 'data:1\ndata:2\ndata:3\nid:1\n\n']);
  });
});

it('is not taken apart where it is nothing but lines', () => {
  const bytes = Buffer.from(`${'data: x\n'.repeat(20_000)}\n`);
  const block = readBlock(bytes, false);
  expect([block.kind, block.facts, blockBytes(block) === bytes]).toEqual(['event', { verbatim: true }, true]);
});

describe('a stream', () => {
  it.each(['', '\n', 'data: x', 'data: x\n', 'data: x\n\n', 'data: x\r\r', ':\n\n\n\ndata:\r\n\r\ndata', '\r\n\r\n'])(
    '%j comes back',
    (text) => {
      expect(Buffer.concat(blocksIn(Buffer.from(text)).map(blockBytes)).toString()).toBe(text);
    },
  );

  it('of anything comes back byte for byte', () => {
    const random = seededRandom(5);
    const words = [
      'data',
      'event',
      'id',
      'retry',
      ':',
      ': ',
      '\n',
      '\r\n',
      '\r',
      '\n\n',
      '…',
      'é',
      '\0',
      '7',
      '\ufeff',
      ' ',
    ];
    for (let round = 0; round < 3000; round++) {
      const text = Array.from(
        { length: Math.floor(random() * 30) },
        () => words[Math.floor(random() * words.length)],
      ).join('');
      const bytes = Buffer.from(text);
      const messages = blocksIn(bytes).map(({ kind, facts, bytes: data }) => ({
        ...{ from: 'server' as const, kind, facts, startedAtUs: epochUs, endedAtUs: epochUs },
        body: bodyOf(data),
      }));
      expect(Buffer.from(streamOf(messages)).toString('latin1')).toBe(bytes.toString('latin1'));
    }
  });
});
