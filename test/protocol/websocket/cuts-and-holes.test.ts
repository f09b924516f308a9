/** The same conversation in any pieces, and with holes: nothing is made up, and what is missing is said where it is. */
import type { Exchange } from '../../../tape/model/exchange';
import { client, closes, converse, server, type Turn } from '../../support/converse';
import { seededRandom } from '../../support/seeded-random';
import {
  asks,
  closing,
  Deflater,
  deflated,
  frame,
  handshake,
  messagesOf,
  said,
  says,
  switching,
  upgrade,
} from '../../support/websocket';

const spoken = (exchanges: readonly Exchange[]) => messagesOf(exchanges, 1).map(said);

/** One direction of a conversation with everything in it. */
function everything(mask: readonly number[] | null): Buffer {
  const packed = new Deflater();
  const [short, long] = [
    packed.message('compressed, and again and again'),
    packed.message('again and again '.repeat(20)),
  ];
  return Buffer.concat([
    frame('short', { mask }),
    frame('first ', { mask, isFinal: false }),
    frame('beat', { mask, opcode: 'ping' }),
    frame('second', { mask, opcode: 'continuation' }),
    frame(short, { mask, reserved: 0x40 }),
    frame(long.subarray(0, 9), { mask, reserved: 0x40, isFinal: false }),
    frame(long.subarray(9), { mask, opcode: 'continuation' }),
    frame('b'.repeat(300), { mask, opcode: 'binary' }),
    frame('', { mask }),
    frame(closing(1001, 'away'), { mask, opcode: 'close' }),
  ]);
}

const sent = Buffer.concat([Buffer.from(upgrade), everything([9, 8, 7, 6])]);
const answered = Buffer.concat([Buffer.from(switching(deflated)), everything(null)]);
const whole = spoken(converse(client(sent), server(answered), closes()).exchanges);

describe('cut anywhere', () => {
  it('has the messages of both sides', () => {
    expect(whole).toHaveLength(16);
    expect(whole.filter((text) => text.includes('problem'))).toEqual([]);
  });

  it('is the same conversation, whatever the cut', () => {
    const wrong: unknown[] = [];
    for (let at = 1; at < Math.max(sent.length, answered.length); at++) {
      const turns = [
        client(upgrade),
        server(switching(deflated)),
        ...pieces(sent.subarray(upgrade.length), at, client),
        ...pieces(answered.subarray(switching(deflated).length), at, server),
      ];
      const { exchanges } = converse(...turns, closes());
      const problems = exchanges.at(-1)?.problems ?? ['none'];
      if (problems.length > 0 || spoken(exchanges).join() !== whole.join()) wrong.push([at, problems]);
    }
    expect(wrong).toEqual([]);
  });

  it('is the same conversation byte by byte', () => {
    const { exchanges } = converse(...each(sent, client), ...each(answered, server), closes());
    expect(spoken(exchanges)).toEqual(whole);
  });
});

describe('a hole', () => {
  const talk = (...turns: readonly Turn[]) => converse(...handshake(), ...turns, closes());
  const hole = (size: number): Turn => ({ kind: 'misses', who: 'server', size, reason: 'ring-full' });

  it('within a payload damages that message alone, whose length is known', () => {
    const bytes = frame('0123456789');
    const { exchanges } = talk(
      server(bytes.subarray(0, 5)),
      hole(4),
      server(bytes.subarray(9)),
      says('after'),
      asks('hi'),
    );
    expect(spoken(exchanges)).toEqual([
      'server text "012" problem="lost-bytes"',
      'server text "after"',
      'client text "hi"',
    ]);
    expect(exchanges[0]?.messages[0]?.body.wireSize).toBe(10);
    expect(exchanges[0]?.problems).toEqual(['lost-bytes']);
  });

  it('up to the end of a payload leaves the next frame where it is', () => {
    const bytes = frame('0123456789');
    const { exchanges } = talk(server(bytes.subarray(0, 5)), hole(7), says('after'));
    expect(spoken(exchanges)).toEqual(['server text "012" problem="lost-bytes"', 'server text "after"']);
  });

  it.each<[string, readonly Turn[]]>([
    ['over the end of a payload', [server(frame('0123456789').subarray(0, 5)), hole(8)]],
    ['between two frames', [says('whole'), hole(3)]],
    ['in the head of a frame', [server(Buffer.of(0x81)), hole(1)]],
  ])('%s ends the reading of that direction, and of no other', (_, turns) => {
    const { exchanges, stats } = talk(...turns, says('after'), asks('hi'));
    const messages = spoken(exchanges);
    expect(messages.at(-1)).toBe('client text "hi"');
    expect(messages.join()).not.toContain('after');
    expect(exchanges[0]?.problems).toEqual(['lost-bytes']);
    expect(stats.lostBytes['no-boundary']).toBe(frame('after').length);
  });

  it('anywhere never makes up a message', () => {
    const random = seededRandom(3);
    const payloads = Array.from({ length: 30 }, (_, i) => `${i}:${'x'.repeat(Math.floor(random() * 200))}`);
    const bytes = Buffer.concat(payloads.map((payload) => frame(payload)));
    for (let round = 0; round < 300; round++) {
      const at = Math.floor(random() * bytes.length);
      const size = 1 + Math.floor(random() * Math.min(300, bytes.length - at - 1));
      const { exchanges } = talk(server(bytes.subarray(0, at)), hole(size), server(bytes.subarray(at + size)));
      const messages = messagesOf(exchanges, 1);
      for (const { facts, body } of messages) {
        const text = Buffer.from(body.bytes).toString();
        const fits =
          facts.problem === undefined ? payloads.includes(text) : payloads.some((each) => each.startsWith(text));
        expect(fits ? '' : text).toBe('');
      }
      expect(exchanges[0]?.problems).toEqual(['lost-bytes']);
    }
  });
});

it('takes anything without throwing', () => {
  const random = seededRandom(11);
  for (let round = 0; round < 400; round++) {
    const garbage = () =>
      Buffer.from(Array.from({ length: Math.floor(random() * 80) }, () => Math.floor(random() * 256)));
    const flipped = Buffer.from(everything(round % 2 === 0 ? null : [1, 2, 3, 4]));
    for (let flips = 0; flips < 3; flips++) flipped[Math.floor(random() * flipped.length)] = Math.floor(random() * 256);
    const { exchanges } = converse(
      ...handshake(deflated),
      server(flipped),
      client(garbage()),
      server(garbage()),
      closes(),
    );
    expect(exchanges.map(({ protocol }) => protocol)).toEqual(['websocket']);
  }
});

function pieces(bytes: Buffer, size: number, turn: (bytes: Buffer) => Turn): Turn[] {
  return size < bytes.length ? [turn(bytes.subarray(0, size)), turn(bytes.subarray(size))] : [turn(bytes)];
}

function each(bytes: Buffer, turn: (bytes: Buffer) => Turn): Turn[] {
  return Array.from(bytes, (byte) => turn(Buffer.of(byte)));
}
