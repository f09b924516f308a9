/**
 * What gives protocols their names, held against what real clients and servers say: fixtures/openings has the bytes, and
 * tells which of them are real. A name must be the right one or none, however little of the bytes is there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Naming } from '../../../../../recorder/parse/raw/naming';
import { nameByOpening, nameByTurn, signatures } from '../../../../../recorder/parse/raw/signatures';
import { seededRandom } from '../../../../support/seeded-random';
import { root } from '../../../../support/source-tree';

interface Call {
  readonly who: 'client' | 'server';
  readonly bytes: Buffer;
}

interface Conversation {
  readonly protocol: string;
  readonly of: string;
  /** Whether it can be told from a question and its answer in the middle of it. */
  readonly turns: boolean;
  readonly calls: readonly Call[];
}

function conversationsOf(file: string): readonly Conversation[] {
  type Kept = Omit<Conversation, 'calls'> & { calls: readonly { who: Call['who']; base64: string }[] };
  const kept = JSON.parse(readFileSync(join(root, file), 'utf8')) as readonly Kept[];
  return kept.map((one) => ({
    ...one,
    calls: one.calls.map(({ who, base64 }) => ({ who, bytes: Buffer.from(base64, 'base64') })),
  }));
}

const conversations = conversationsOf('fixtures/openings/conversations.json');
const named = conversations.map((one) => [`${one.protocol}: ${one.of}`, one] as const);

function saidBy(who: Call['who'], calls: readonly Call[]): Buffer {
  return Buffer.concat(calls.filter((call) => call.who === who).map(({ bytes }) => bytes));
}

function said(calls: readonly Call[]) {
  return { client: saidBy('client', calls), server: saidBy('server', calls) };
}

describe('the table', () => {
  it('has a conversation for every protocol', () => {
    expect([...new Set(conversations.map(({ protocol }) => protocol))].sort()).toEqual(
      signatures.map(({ name }) => name).sort(),
    );
  });
});

describe.each(named)('%s', (_title, { protocol, calls, turns }) => {
  it('is known by its opening', () => {
    expect(nameByOpening(said(calls))).toBe(protocol);
  });

  it('is known by its opening where client and server are taken for one another', () => {
    const { client, server } = said(calls);
    expect(nameByOpening({ client: server, server: client })).toBe(protocol);
  });

  it('has its name or none, after each call and however far the bytes go', () => {
    const names = new Set<string | null>();
    for (let i = 1; i <= calls.length; i++) names.add(nameByOpening(said(calls.slice(0, i))));
    const { client, server } = said(calls);
    for (let length = 0; length <= 256; length++) {
      names.add(nameByOpening({ client: client.subarray(0, length), server: server.subarray(0, length) }));
      names.add(nameByOpening({ client: client.subarray(0, length), server }));
    }
    expect([...names].filter((name) => name !== null)).toEqual([protocol]);
  });

  it('has its name or none by each of its turns', () => {
    const names = new Set<string | null>();
    for (const [i, call] of calls.entries()) {
      const next = calls[i + 1];
      if (next === undefined || next.who === call.who) continue;
      names.add(nameByTurn({ client: call.bytes, server: next.bytes }));
    }
    expect([...names].filter((name) => name !== null)).toEqual(turns ? [protocol] : []);
  });

  it('is known when it is joined in the middle, where its turns tell', () => {
    const naming = new Naming(null, true);
    naming.take('response', Buffer.from('the rest of something'));
    for (const { who, bytes } of calls) naming.take(who === 'client' ? 'request' : 'response', bytes);
    expect(naming.name()).toBe(turns ? protocol : null);
  });
});

describe('no name', () => {
  it.each([
    ['nothing', '', ''],
    ['HTTP/1', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['HTTP CONNECT, which STOMP looks like', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n', ''],
    ['a greeting that SMTP and FTP share', '', '220 ready\r\n'],
    ['zero bytes', '\0'.repeat(64), '\0'.repeat(64)],
    ['ones', '\xff'.repeat(64), '\xff'.repeat(64)],
    ['text', 'hello, is anybody there?\n', 'yes\n'],
    [
      'a Kafka request that another answer follows',
      '\0\0\0\x0e\0\x12\0\x02\0\0\0\x07\0\x04shop',
      '\0\0\0\x06\0\0\0\x08\0\0',
    ],
    ['a Kafka request nobody answered', '\0\0\0\x0e\0\x12\0\x02\0\0\0\x07\0\x04shop', ''],
    ['a memcached question with another answer', 'get k\r\n', 'hello\r\n'],
    ['a RESP array of a length that is none', '*1\r\n$9\r\nPING\r\n', '+PONG\r\n'],
  ])('for %s', (_what, client, server) => {
    const turn = { client: Buffer.from(client, 'latin1'), server: Buffer.from(server, 'latin1') };
    expect([nameByOpening(turn), nameByTurn(turn)]).toEqual([null, null]);
  });

  it('for bytes of no meaning', () => {
    const random = seededRandom(7);
    const noise = () =>
      Buffer.from(Array.from({ length: Math.floor(random() * 80) }, () => Math.floor(random() * 256)));
    const names = new Set<string | null>();
    for (let i = 0; i < 20_000; i++) {
      const turn = { client: noise(), server: noise() };
      names.add(nameByOpening(turn)).add(nameByTurn(turn));
    }
    expect([...names]).toEqual([null]);
  });

  it('for the middle of a connection by what only its beginning tells', () => {
    const naming = new Naming(null, true);
    naming.take('request', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'));
    naming.take('response', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'));
    expect(naming.name()).toBeNull();
  });
});

describe('naming', () => {
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

  it('takes what the protocol before said it is', () => {
    expect(new Naming('WebSocket', false).name()).toBe('WebSocket');
  });

  it('joins the pieces an opening came in', () => {
    const naming = new Naming(null, false);
    for (const byte of preface) naming.take('request', Buffer.from([byte]));
    expect(naming.name()).toBe('HTTP/2');
  });

  it('does not join what a gap parts', () => {
    const naming = new Naming(null, false);
    naming.take('request', preface.subarray(0, 10));
    naming.gap('request');
    naming.take('request', preface.subarray(10));
    expect(naming.name()).toBeNull();
  });

  it('does not take two calls in a row for one question', () => {
    const naming = new Naming(null, true);
    naming.take('request', Buffer.from('*1\r\n'));
    naming.take('request', Buffer.from('*1\r\n$4\r\nPING\r\n'));
    naming.take('response', Buffer.from('+PONG\r\n'));
    expect(naming.name()).toBeNull();
  });
});
