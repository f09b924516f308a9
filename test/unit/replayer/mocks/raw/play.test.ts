/** What a raw mock says to what a client says, whatever pieces that comes in. */
import { formatRawMiss, RawLedger, RawPlay } from '../../../../../replayer/mocks/raw/play';
import { rawMocksFrom } from '../../../../../replayer/mocks/raw/recorded';
import { rawStream, type Said } from '../../../../support/raw-streams';
import { seededRandom } from '../../../../support/seeded-random';
import { connectionOf } from '../../../../support/tapes';

const streams = (...recorded: readonly (readonly Said[])[]) =>
  rawMocksFrom(recorded.map((said, i) => rawStream(i + 1, said))).mocks;

/** What the server says to each thing said, and how it ends. */
function talk(play: RawPlay, ...said: readonly string[]): string[] {
  const text = ({ says, miss }: ReturnType<RawPlay['take']>) =>
    [...says.map((bytes) => Buffer.from(bytes).toString()), ...(miss === null ? [] : [formatRawMiss(miss)])].join('|');
  const greeting = text(play.open());
  return [...(greeting === '' ? [] : [greeting]), ...said.map((piece) => text(play.take(Buffer.from(piece))))];
}

const miss = (rest: string) => `miss      10.0.0.9:5432 (raw, by exact bytes): ${rest}`;

it('answers turn by turn', () => {
  const play = new RawPlay(streams(['> ping', '< pong', '> quit', '< bye']), new RawLedger());
  expect(talk(play, 'ping', 'quit')).toEqual(['pong', 'bye']);
});

it('greets where the server spoke first', () => {
  const play = new RawPlay(streams(['< hello', '> a', '< b']), new RawLedger());
  expect(talk(play, 'a')).toEqual(['hello', 'b']);
});

it('tells streams apart by what is said', () => {
  const mocks = streams(['< hi', '> get a', '< A'], ['< hi', '> get b', '< B'], ['< hi', '> get b', '< B2']);
  const ledger = new RawLedger();
  expect(talk(new RawPlay(mocks, ledger), 'get ', 'b')).toEqual(['hi', '', 'B']);
  expect(talk(new RawPlay(mocks, ledger), 'get b')).toEqual(['hi', 'B2']);
  expect(talk(new RawPlay(mocks, ledger), 'get a')).toEqual(['hi', 'A']);
  expect(talk(new RawPlay(mocks, ledger), 'get b')).toEqual(['hi', 'B']);
});

it('stays with the stream it began, where another one goes the same way', () => {
  const mocks = streams(['> a', '< 1', '> b', '< 2'], ['> a', '< 1', '> b', '< 3']);
  const ledger = new RawLedger();
  expect(talk(new RawPlay(mocks, ledger), 'a', 'b')).toEqual(['1', '2']);
  expect(talk(new RawPlay(mocks, ledger), 'a', 'b')).toEqual(['1', '3']);
});

it('takes the longest turn that is there', () => {
  const mocks = streams(['> ab', '< short'], ['> abcd', '< long']);
  expect(talk(new RawPlay(mocks, new RawLedger()), 'abcd')).toEqual(['long']);
});

it.each([
  ['another byte', ['ping', 'quiz'], miss('turn 3 of exchange 1 differs at byte 3: recorded 0x74, got 0x7a')],
  [
    'another byte in a later piece',
    ['ping', 'q', 'ux'],
    miss('turn 3 of exchange 1 differs at byte 2: recorded 0x69, got 0x78'),
  ],
  [
    'more than was recorded',
    ['ping', 'quit', 'x'],
    miss('turn 5 of exchange 1 differs at byte 0: recorded nothing more, got 0x78'),
  ],
])('names the first byte that differs: %s', (_, said, expected) => {
  const play = new RawPlay(streams(['> ping', '< pong', '> quit', '< bye']), new RawLedger());
  expect(talk(play, ...said).at(-1)).toBe(expected);
});

it('says the same however what is said is cut', () => {
  const random = seededRandom('raw');
  const said: readonly Said[] = ['< hi', '> one', '< 1', '> second', '< 2', '> x', '< 3'];
  const text = 'onesecondx';
  for (let i = 0; i < 300; i++) {
    const play = new RawPlay(streams(said), new RawLedger());
    const pieces: string[] = [];
    for (let at = 0; at < text.length; ) {
      const end = at + 1 + Math.floor(random() * 5);
      pieces.push(text.slice(at, end));
      at = end;
    }
    expect(
      talk(play, ...pieces)
        .join('')
        .replaceAll('|', ''),
    ).toBe('hi123');
  }
});

it('never throws, whatever is said', () => {
  const random = seededRandom('garbage');
  const mocks = streams(['> ab', '< c'], ['< g', '> a', '< b'], ['> '], ['< only'], []);
  for (let i = 0; i < 500; i++) {
    const play = new RawPlay(mocks, new RawLedger());
    expect(() => talk(play, ...Array.from({ length: 5 }, () => 'abg\0'.slice(Math.floor(random() * 5))))).not.toThrow();
  }
});

it.each([
  ['not-kept', { messages: [] }],
  ['not-whole', { messages: rawStream(1, ['> a']).exchange.messages }],
  ['lost-bytes', { problems: ['lost-bytes'] }],
  [
    'raw-tls',
    { connection: connectionOf({ direction: 'outbound', remote: '1.2.3.4:1', tls: { library: 'openssl' } }) },
  ],
] as const)('leaves out what cannot be told byte for byte: %s', (reason, over) => {
  const { mocks, notServed } = rawMocksFrom([rawStream(1, ['> ab', '< c'], over)]);
  expect([mocks, notServed.map((each) => each.reason)]).toEqual([[], [reason]]);
});

it('leaves out what redaction changed, and passes the other side over', () => {
  const entry = { in: 'request', path: 'body', rule: 'x', placeholder: 'y' } as const;
  expect(rawMocksFrom([{ ...rawStream(1, ['> a', '< b']), redacted: [entry] }]).notServed).toMatchObject([
    { reason: 'raw-redacted' },
  ]);
  expect(rawMocksFrom([rawStream(1, ['> a', '< b'])], 'inbound')).toEqual({ mocks: [], notServed: [] });
});
