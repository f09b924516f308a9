/** What becomes of a connection: its role, its protocol, its end, its cause. */
import { createPipeline, type Pipeline } from '../../../recorder/pipeline';
import type { CloseEvent, SourceEvent } from '../../../recorder/source/events';
import type { Exchange } from '../../../tape/model/exchange';
import { parseFilterPattern } from '../../../tape/model/filter';
import { createRedactor } from '../../../tape/redact/redactor';
import { httpIn, rawIn } from '../../support/contents';
import {
  type Circumstances,
  client,
  closes,
  converse,
  converseWith,
  eventsOf,
  get,
  head,
  missing,
  ok,
  play,
  post,
  server,
  startUs,
  stepUs,
  summaries,
  type Turn,
  waits,
} from '../../support/converse';
import { data, frame, headers, indexed } from '../../support/http2-frames';
import { asRedacted } from '../../support/tapes';

describe('how an exchange ends', () => {
  const outbound: Circumstances = { role: 'outbound' };

  it.each(['closed', 'reset', 'timeout'] as const)(
    'without an answer the client saw %s, which is all there is to know',
    (how) => {
      const seen = converseWith(outbound, client(get('/a')), closes(how));
      expect(summaries(seen)).toEqual([`GET /a → ${how}`]);
      expect(seen.exchanges[0]?.durationUs).toBe(stepUs);
    },
  );

  it('without an answer says nothing to judge a service by', () => {
    expect(summaries(converse(client(get('/a')), closes('reset')))).toEqual(['GET /a → reset [no-response]']);
  });

  it.each(['closed', 'reset', 'timeout'] as const)('in the middle of an answer by %s keeps what came', (how) => {
    const seen = converseWith(outbound, client(get('/a')), server(ok('hello').slice(0, -3)), closes(how));
    expect(summaries(seen)).toEqual([`GET /a → ${how} 200 he [cut-short]`]);
  });

  it('by reset leaves a body without a length cut short: more may have been on its way', () => {
    const seen = converseWith(outbound, client(get('/a')), server('HTTP/1.0 200 OK\r\n\r\nhe'), closes('reset'));
    expect(summaries(seen)).toEqual(['GET /a → reset 200 he [cut-short]']);
  });

  it('in the middle of a request keeps what came of it', () => {
    const seen = converse(client(post('/a', 'hello').slice(0, -3)), closes('timeout'));
    expect(summaries(seen)).toEqual(['POST /a he → timeout [cut-short]']);
  });

  it('in the middle of a request head has no request', () => {
    const seen = converse(client('GET /a HTTP/1.1\r\nHo'), closes());
    expect(summaries(seen)).toEqual(['http1 → closed [cut-short]']);
  });

  it('with the recording is lost, answered or not', () => {
    expect(summaries(converse(client(get('/a'))))).toEqual(['GET /a → lost [no-response]']);
    expect(summaries(converse(client(get('/a')), server(ok('hello').slice(0, -3))))).toEqual([
      'GET /a → 200 he [cut-short]',
    ]);
    expect(converse(client(get('/a'))).exchanges[0]?.durationUs).toBe(null);
  });

  it('early, the answer is kept and the request is cut short', () => {
    const seen = converse(client(post('/a', 'hello').slice(0, -3)), server(ok('no')), closes());
    expect(summaries(seen)).toEqual(['POST /a he → 200 no [cut-short]']);
  });

  it('keeps an answer nobody asked for apart', () => {
    const timeout = head('HTTP/1.1 408 Request Timeout', ['Content-Length: 0']);
    const seen = converse(client(get('/a')), server(ok('A')), server(timeout), closes());
    expect(summaries(seen)).toEqual(['GET /a → 200 A', 'http1 → 408 [parse-error]']);
  });

  it('does not give such an answer to a request that comes much later', () => {
    const extra = server(ok('extra'));
    const seen = converse(client(get('/a')), server(ok('A')), extra, waits(60_000), client(get('/b')), server(ok('B')));
    expect(summaries(seen)).toEqual(['GET /a → 200 A', 'http1 → 200 extra [parse-error]', 'GET /b → 200 B']);
  });

  it('gives the answer of a request cut short in its head to it', () => {
    const timeout = head('HTTP/1.1 408 Request Timeout', ['Content-Length: 0']);
    expect(summaries(converse(client('GET /a HT'), server(timeout), closes()))).toEqual(['http1 → 408 [cut-short]']);
  });

  it('marks bytes that are no HTTP, keeps the answer to them, and goes on', () => {
    const bad = head('HTTP/1.1 400 Bad Request', ['Content-Length: 0']);
    const seen = converse(client('GET / HTTP/1.1\r\nBroken\r\n\r\n'), server(bad), client(get('/y')), server(ok('Y')));
    expect(summaries(seen)).toEqual(['http1 → 400 [parse-error]', 'GET /y → 200 Y']);
  });
});

describe('connects that carry nothing', () => {
  it.each(['refused', 'reset', 'timeout'] as const)('%s is an outcome of its own', (how) => {
    const seen = converseWith({ role: 'outbound', local: '10.0.0.1:40000', remote: '10.0.0.2:443' }, closes(how));
    expect(seen.exchanges).toEqual([
      {
        number: 1,
        connection: expect.objectContaining({ direction: 'outbound', remote: '10.0.0.2:443' }),
        channel: null,
        seq: 0,
        protocol: 'raw',
        startedAtUs: startUs,
        durationUs: stepUs,
        outcome: how,
        problems: [],
        cause: null,
        content: { protocol: null, requestSize: 0, responseSize: 0, requestBytes: null, responseBytes: null },
        messages: [],
        messagesBefore: 0,
      },
    ]);
  });

  it('are only counted when they end in order, or were somebody else’s', () => {
    for (const [role, how] of [
      ['outbound', 'closed'],
      ['inbound', 'reset'],
    ] as const) {
      const seen = converseWith({ role }, closes(how));
      expect(seen.exchanges).toEqual([]);
      expect(seen.stats.coverage).toMatchObject({ connections: 1, silent: 1 });
    }
    expect(converseWith({ role: 'outbound', startedEarlier: true }, closes('reset')).exchanges).toEqual([]);
  });
});

describe('protocols nobody parses', () => {
  it('are one exchange a connection, with true sizes', () => {
    const seen = converse(client('\x00\x01\x02'), server('\x03'), client('GET / HTTP/1.1\r\n\r\n'), closes('reset'));
    expect(summaries(seen)).toEqual(['raw → reset']);
    expect(seen.exchanges[0]).toMatchObject({
      startedAtUs: startUs + stepUs,
      durationUs: 3 * stepUs,
      content: { protocol: null, requestSize: 21, responseSize: 1, requestBytes: null, responseBytes: null },
    });
    expect(seen.stats).toMatchObject({ coverage: { raw: 1, rawNotKept: 1 }, readable: 0, endpoints: [] });
  });

  it('keep their bytes where that is asked for, up to a limit', () => {
    const seen = converseWith(
      { keepRaw: true, limits: { rawBytes: 4 } },
      client('\x00ab'),
      client('cde'),
      server('x'),
      closes(),
    );
    expect(summaries(seen)).toEqual(['raw → closed [truncated]']);
    expect(Buffer.from(rawIn(seen.exchanges[0])?.requestBytes ?? []).toString()).toBe('\x00abc');
    expect(Buffer.from(rawIn(seen.exchanges[0])?.responseBytes ?? []).toString()).toBe('x');
  });

  it('count what is missing, and keep what came before it', () => {
    const seen = converseWith({ keepRaw: true }, client('\x00ab'), missing('client', 10), client('cd'), closes());
    expect(summaries(seen)).toEqual(['raw → closed [lost-bytes]']);
    expect(rawIn(seen.exchanges[0])?.requestSize).toBe(15);
    expect(Buffer.from(rawIn(seen.exchanges[0])?.requestBytes ?? []).toString()).toBe('\x00ab');
  });

  const turnsIn = (seen: ReturnType<typeof converseWith>) =>
    seen.exchanges
      .at(-1)
      ?.messages.map(({ from, kind, body, facts }) => `${from} ${kind} ${body.wireSize} ${JSON.stringify(facts)}`);

  it('say who spoke when, where their bytes are kept', () => {
    const said = [client('\x00ab'), client('cd'), server('x'), client('e'), closes()];
    const seen = converseWith({ keepRaw: true }, ...said);
    expect(turnsIn(seen)).toEqual(['client bytes 5 {}', 'server bytes 1 {}', 'client bytes 1 {}']);
    const times = seen.exchanges.at(-1)?.messages.map(({ startedAtUs, endedAtUs }) => [startedAtUs, endedAtUs]) ?? [];
    expect(times.flat()).toEqual(times.flat().toSorted((a, b) => a - b));
    expect(turnsIn(converse(...said))).toEqual([]);
  });

  it('mark a turn with a hole in it', () => {
    const seen = converseWith({ keepRaw: true }, client('\x00a'), missing('client', 10), server('x'), closes());
    expect(turnsIn(seen)).toEqual(['client bytes 12 {"problem":"lost-bytes"}', 'server bytes 1 {}']);
  });

  it('have turns up to a limit, and the last one says so', () => {
    const seen = converseWith(
      { keepRaw: true },
      ...Array.from({ length: 6000 }, () => [client('\x00a'), server('b')]).flat(),
    );
    expect(turnsIn(seen)?.length).toBe(10_000);
    expect(turnsIn(seen)?.at(-1)).toBe('server bytes 1 {"problem":"truncated"}');
  });

  it('go on when the recording ends', () => {
    expect(summaries(converse(client('\x00ab')))).toEqual(['raw → lost [cut-short]']);
  });

  it.each([
    ['Redis', 'GET key\r\n'],
    ['SIP', 'OPTIONS sip:a@b SIP/2.0\r\n\r\n'],
    ['RTSP', 'OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n'],
    ['the beginning of the preface of HTTP/2', 'PRI * HTTP/2.0\r\n'],
    ['HTTP/0.9', 'GET /\r\n'],
    ['SMTP', 'HELO shop\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00'],
    ['an unfinished request line', 'GET /a HTT'],
    ['nothing but line ends', '\r\n\r\n'],
  ])('are not taken for HTTP: %s', (_, opening) => {
    const pieces = [...opening].map((letter) => client(letter));
    expect(summaries(converse(client(opening), closes()))).toEqual(['raw → closed']);
    expect(summaries(converse(...pieces, closes()))).toEqual(['raw → closed']);
  });
});

describe('TLS', () => {
  const tls = {
    kind: 'tls',
    connection: 1,
    atUs: startUs,
    library: 'openssl',
    binding: 'certain',
    startedEarlier: false,
  } as const;
  const talk = eventsOf({}, [client(get('/a')), server(ok('A')), closes()]);
  const [open, ...said] = talk as [SourceEvent, ...SourceEvent[]];

  it('that is read marks the connection', () => {
    const seen = play([open, tls, ...said]);
    expect(summaries(seen)).toEqual(['GET /a → 200 A']);
    expect(seen.exchanges[0]?.connection.tls).toEqual({ library: 'openssl' });
  });

  it('whose socket is not certain says so on every exchange', () => {
    expect(summaries(play([open, { ...tls, binding: 'uncertain' }, ...said]))).toEqual([
      'GET /a → 200 A [uncertain-connection]',
    ]);
    expect(summaries(play([open, { ...tls, binding: 'probable' }, ...said]))).toEqual(['GET /a → 200 A']);
    const alone = { ...open, local: null, remote: null } as SourceEvent;
    expect(summaries(play([alone, tls, ...said]))).toEqual(['GET /a → 200 A [uncertain-connection]']);
  });

  it('that was under way before the probes is picked up like an older connection', () => {
    const seen = play([
      open,
      { ...tls, startedEarlier: true },
      ...eventsOf({}, [server(ok('S')), client(get('/y')), server(ok('Y'))]).slice(1),
    ]);
    expect(summaries(seen)).toEqual(['http1 → 200 S [started-mid-stream]', 'GET /y → 200 Y']);
  });

  it.each([
    ['h2', 'HTTP/2'],
    ['http/1.1', 'HTTP/1.1'],
    ['mqtt', 'mqtt'],
    [null, null],
  ])('that nobody reads has the name it was agreed on by: %s', (agreed, shown) => {
    const unread = { library: 'GnuTLS', reason: 'not-read' } as const;
    const sizes = { sentBytes: 5, receivedBytes: 7 };
    const seen = play([open, { kind: 'encrypted', connection: 1, atUs: startUs, ...sizes, unread, agreed }]);
    expect(rawIn(seen.exchanges[0])?.protocol).toBe(shown);
  });

  it('that agreed on HTTP/2 is picked up where its frames alone would not tell', () => {
    const turns = [
      client(Buffer.concat([frame('PING', 0, 1, Buffer.alloc(8)), headers(3, indexed(62, 63, 64), { ends: true })])),
      server(Buffer.concat([headers(3, indexed(65, 66)), data(3, 'a', { ends: true })])),
      closes(),
    ];
    const told = (agreed: string | null) =>
      summaries(play([open, { ...tls, startedEarlier: true, agreed }, ...eventsOf({}, turns).slice(1)]));
    expect(told(null)).toEqual(['raw → closed [started-mid-stream]']);
    expect(told('h2')).toEqual([expect.stringMatching(/^http2 .*undecodable-headers/)]);
  });

  it('that nobody reads is a raw stream of true sizes', () => {
    const close: CloseEvent = {
      kind: 'close',
      connection: 1,
      atUs: startUs + 9,
      how: 'closed',
      sentTotal: null,
      receivedTotal: null,
    };
    const sealed: SourceEvent = {
      kind: 'encrypted',
      connection: 1,
      atUs: startUs + 9,
      sentBytes: 700,
      receivedBytes: 300,
      unread: { library: 'Go crypto/tls', reason: 'not-read' },
    };
    const seen = play([open, sealed, close]);
    expect(summaries(seen)).toEqual(['raw → closed [encrypted]']);
    expect(seen.exchanges[0]).toMatchObject({
      startedAtUs: startUs,
      durationUs: 9,
      connection: { tls: null, unreadTls: { library: 'Go crypto/tls', reason: 'not-read' } },
      content: { protocol: null, requestSize: 300, responseSize: 700 },
    });
    expect(seen.stats).toMatchObject({
      readable: 0,
      coverage: { connections: 1, unread: 1, raw: 0, rawProtocols: [] },
    });
    expect(seen.stats.coverage.unreadTls).toEqual([
      {
        process: { pid: 4711, name: 'node' },
        processes: 1,
        library: 'Go crypto/tls',
        reason: 'not-read',
        connections: 1,
      },
    ]);
  });

  it('inside a tunnel is read as what it is', () => {
    const outer = [client(head('CONNECT pay:443 HTTP/1.1', [])), server(head('HTTP/1.1 200 OK', []))];
    const inner = [client(get('/a')), server(ok('A')), closes()];
    const events = eventsOf({ role: 'outbound' }, [...outer, ...inner]);
    const seen = play([...events.slice(0, 3), tls, ...events.slice(3)]);
    expect(summaries(seen)).toEqual(['CONNECT pay:443 → 200', 'GET /a → 200 A']);
    expect(seen.exchanges.map((exchange) => exchange.connection.tls)).toEqual([null, { library: 'openssl' }]);
  });
});

describe('who is the client', () => {
  const unknown: Circumstances = { role: 'unknown' };

  it('is who sends the request', () => {
    const asServer = converseWith(unknown, client(get('/a')), server(ok('A')));
    expect(asServer.exchanges[0]?.connection.direction).toBe('inbound');
    const events = eventsOf({ role: 'outbound' }, [client(get('/a')), server(ok('A'))]);
    const asClient = play(events.map((event) => (event.kind === 'open' ? { ...event, role: 'unknown' } : event)));
    expect(asClient.exchanges[0]?.connection.direction).toBe('outbound');
    expect(summaries(asClient)).toEqual(['GET /a → 200 A']);
  });

  it('is known by the answer where that comes first', () => {
    const seen = converseWith(unknown, server(ok('A')), client(get('/a')));
    expect(summaries(seen)).toEqual(['GET /a → 200 A']);
    expect(seen.exchanges[0]?.connection.direction).toBe('inbound');
  });

  it('is found out on a connection that is older than the recorder', () => {
    const events = eventsOf({ role: 'outbound', startedEarlier: true }, [
      server('tail'),
      client(get('/a')),
      server(ok('A')),
    ]);
    const seen = play(events.map((event) => (event.kind === 'open' ? { ...event, role: 'unknown' } : event)));
    expect(summaries(seen)).toEqual(['GET /a → 200 A']);
    expect(seen.exchanges[0]?.connection.direction).toBe('outbound');
  });

  it('stays unknown in other protocols: ports prove nothing, and neither does who speaks first', () => {
    const ports = { role: 'unknown', local: '10.0.0.1:45000', remote: '10.0.0.2:5432' } as const;
    const seen = converseWith(ports, server('\x00hello'), closes());
    expect(seen.exchanges[0]?.connection.direction).toBe('unknown');
    expect(rawIn(seen.exchanges[0])).toMatchObject({ requestSize: 6, responseSize: 0 });
  });
});

describe('an exchange that lasts', () => {
  const streamHead = 'HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n';
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
  const second = 1_000_000;

  /** `outcome "body so far" problems` of each time it was handed out. */
  function handedOut(...parts: Parameters<typeof eventsOf>[1]): string[] {
    const seen: string[] = [];
    const pipeline = createPipeline({
      redact: (exchange) => asRedacted(exchange),
      onExchange: ({ exchange }) => {
        const body = Buffer.from(httpIn(exchange).response?.body.bytes ?? []).toString();
        seen.push(`${exchange.outcome} ${JSON.stringify(body)} ${exchange.problems.join()}`.trim());
      },
      onLoss: () => undefined,
    });
    const events = eventsOf({}, parts);
    for (const event of events) {
      pipeline.push([event]);
      pipeline.tick(event.atUs);
    }
    pipeline.end((events.at(-1)?.atUs ?? 0) + 1);
    return seen;
  }

  it('is handed out while it lasts, in whole lines, and as a whole when it is over', () => {
    expect(
      handedOut(
        client(get('/events')),
        server(streamHead),
        server(chunk('{"a":1}\n{"')),
        waits(1.1 * second),
        server(chunk('b":2}\n')),
        waits(1.1 * second),
        server('0\r\n\r\n'),
        closes(),
      ),
    ).toEqual(['open "{\\"a\\":1}\\n{\\"b\\":2}\\n" still-open', 'response "{\\"a\\":1}\\n{\\"b\\":2}\\n"']);
  });

  it('is not handed out again while nothing comes', () => {
    const silence = Array.from({ length: 5 }, () => [waits(1.1 * second), client('')]).flat();
    const seen = handedOut(client(get('/events')), server(streamHead + chunk('data: one\n\n')), ...silence);
    expect(seen.filter((line) => line.startsWith('open'))).toHaveLength(1);
  });

  it('shows nothing of a body whose coding has no end yet', () => {
    const coded = streamHead.replace('Content-Type', 'Content-Encoding: gzip\r\nContent-Type');
    const seen = handedOut(
      client(get('/events')),
      server(coded + chunk('\x1f\x8b\n')),
      waits(1.1 * second),
      server(chunk('\n')),
    );
    expect(seen[0]).toBe('open "" still-open');
  });

  it('that is short is handed out once', () => {
    expect(handedOut(client(get('/a')), server(ok('A')), closes())).toEqual(['response "A"']);
  });
});

describe('the cause of an outbound exchange', () => {
  /** Events of several connections of one process, in the order of their times. */
  function together(...conversations: readonly SourceEvent[][]): SourceEvent[] {
    return conversations.flat().sort((a, b) => a.atUs - b.atUs);
  }

  function causes(exchanges: readonly Exchange[]): Record<string, number | null> {
    return Object.fromEntries(
      exchanges.map((one) => [httpIn(one).request?.target ?? one.outcome, one.cause?.number ?? null]),
    );
  }

  it('is the only inbound exchange that is open when it begins', () => {
    const serving = eventsOf({ key: 1 }, [client(get('/orders')), waits(10 * stepUs), server(ok('A'))]);
    const calling = eventsOf({ key: 2, role: 'outbound' }, [
      waits(2 * stepUs),
      client(get('/charge')),
      server(ok('B')),
      waits(20 * stepUs),
      client(get('/later')),
      server(ok('C')),
    ]);
    const { exchanges } = play(together(serving, calling));
    expect(exchanges.map((one) => [httpIn(one).request?.target, one.number])).toEqual([
      ['/charge', 2],
      ['/orders', 1],
      ['/later', 3],
    ]);
    expect(exchanges[0]?.cause).toEqual({ number: 1, method: 'sole-inbound' });
    expect(causes(exchanges)).toEqual({ '/charge': 1, '/orders': null, '/later': null });
  });

  it('is the one whose trace it carries where several are open, whatever their heads were told of', () => {
    const traced = (path: string, id: string) =>
      `GET ${path} HTTP/1.1\r\nHost: a\r\ntraceparent: 00-${id.repeat(32)}-${id.repeat(16)}-01\r\n\r\n`;
    const serving = [1, 2].map((key) =>
      eventsOf({ key }, [client(traced(`/${key}`, String(key))), waits(10 * stepUs), server(ok(''))]),
    );
    const calling = eventsOf({ key: 3, role: 'outbound' }, [
      waits(2 * stepUs),
      client(traced('/charge', '2')),
      server(ok('B')),
    ]);
    const { exchanges } = play(together(...serving, calling));
    const number = exchanges.find((one) => httpIn(one).request?.target === '/2')?.number;
    expect(exchanges.find((one) => httpIn(one).request?.target === '/charge')?.cause).toEqual({
      number,
      method: 'request-id',
    });
  });

  it('is not guessed where two inbound exchanges are open', () => {
    const serving = [1, 2].map((key) =>
      eventsOf({ key }, [client(get(`/${key}`)), waits(10 * stepUs), server(ok(''))]),
    );
    const calling = eventsOf({ key: 3, role: 'outbound' }, [
      waits(2 * stepUs),
      client(get('/charge')),
      server(ok('B')),
    ]);
    expect(causes(play(together(...serving, calling)).exchanges)).toMatchObject({ '/charge': null });
  });

  it('is known of a connect that was refused', () => {
    const serving = eventsOf({ key: 1 }, [client(get('/orders')), waits(10 * stepUs), server(ok('A'))]);
    const calling = eventsOf({ key: 2, role: 'outbound' }, [closes('refused')]).map((event) => ({
      ...event,
      atUs: event.atUs + 2 * stepUs,
    }));
    expect(causes(play(together(serving, calling)).exchanges)).toMatchObject({ refused: 1 });
  });

  it('is no exchange of another process', () => {
    const serving = eventsOf({ key: 1 }, [client(get('/orders')), waits(10 * stepUs), server(ok('A'))]);
    const calling = eventsOf({ key: 2, role: 'outbound' }, [
      waits(2 * stepUs),
      client(get('/charge')),
      server(ok('B')),
    ]);
    const elsewhere = calling.map((event) =>
      event.kind === 'open' ? { ...event, process: { pid: 9, name: 'other' } } : event,
    );
    expect(causes(play(together(serving, elsewhere)).exchanges)).toMatchObject({ '/charge': null });
  });
});

describe('limits', () => {
  it('end a head that is too long, and find the next message', () => {
    const long = get('/a', `X: ${'x'.repeat(500)}`);
    for (const pieces of [[long], [long.slice(0, 300), long.slice(300)]]) {
      const seen = converseWith(
        { limits: { headBytes: 200 } },
        ...pieces.map((piece) => client(piece)),
        server(ok('A')),
        client(get('/y')),
        server(ok('Y')),
      );
      expect(summaries(seen)).toEqual(['http1 → 200 A [truncated]', 'GET /y → 200 Y']);
    }
  });

  it('end trailers that are too long', () => {
    const trailers = `${head('HTTP/1.1 200 OK', ['Transfer-Encoding: chunked'])}1\r\nA\r\n0\r\nX: ${'x'.repeat(500)}\r\n\r\n`;
    const seen = converseWith(
      { limits: { headBytes: 200 } },
      client(get('/a')),
      server(trailers),
      client(get('/y')),
      server(ok('Y')),
    );
    expect(summaries(seen)).toEqual(['GET /a → 200 A [truncated]', 'GET /y → 200 Y']);
  });

  it('give up requests that nobody answers', () => {
    const seen = converseWith(
      { limits: { pendingRequests: 3 } },
      client(Array.from({ length: 8 }, (_, i) => get(`/${i}`)).join('')),
    );
    expect(summaries(seen).filter((line) => line.endsWith('truncated]'))).toHaveLength(8);
  });

  it('hold answers without requests only so far', () => {
    const seen = converseWith(
      { limits: { heldBytes: 500 } },
      ...Array.from({ length: 8 }, (_, i) => server(ok(`${i}`.repeat(60)))),
    );
    expect(seen.exchanges.length).toBe(8);
    expect(seen.exchanges.every((exchange) => exchange.problems.includes('lost-bytes'))).toBe(true);
  });

  it('hold what follows an upgrade only so far', () => {
    const upgrade = head('GET /ws HTTP/1.1', ['Connection: Upgrade', 'Upgrade: x']);
    const seen = converseWith(
      { limits: { heldBytes: 500 } },
      client(upgrade),
      client('y'.repeat(400)),
      client('z'.repeat(400)),
      closes(),
    );
    expect(summaries(seen)).toEqual(['GET /ws → closed [no-response]']);
    expect(seen.stats.lostBytes).toEqual({ 'no-boundary': 800 });
  });

  it('cut bodies where all together may hold no more', () => {
    const seen = converseWith(
      { limits: { totalBytes: 1000 } },
      client(post('/a', 'x'.repeat(2000))),
      server(ok('A')),
      client(get('/y')),
      server(ok('Y')),
    );
    expect(summaries(seen)).toEqual(['POST /a → 200 A [truncated]', 'GET /y → 200 Y']);
    expect(httpIn(seen.exchanges[0]).request?.body.wireSize).toBe(2000);
  });
});

describe('a pipeline', () => {
  it('hands out what the filter lets pass, and counts the rest', () => {
    const filter = { include: [parseFilterPattern('GET */orders/**')], exclude: [parseFilterPattern('* */orders/2')] };
    const seen = converseWith(
      { filter },
      ...['/orders/1', '/orders/2', '/health'].flatMap((path) => [client(get(path)), server(ok('A'))]),
    );
    expect(summaries(seen)).toEqual(['GET /orders/1 → 200 A']);
    expect(seen.stats).toMatchObject({ exchanges: 1, filtered: 2 });
  });

  it('does not run inside a parser what it hands exchanges to', () => {
    const events = eventsOf({}, [client(get('/a') + get('/b')), server(ok('A') + ok('B'))]);
    const seen: string[] = [];
    const pipeline = createPipeline({
      redact: (exchange) => asRedacted(exchange),
      onExchange: ({ exchange }) => {
        seen.push(httpIn(exchange).request?.target ?? '');
        throw new Error('the receiver failed');
      },
      onLoss: () => undefined,
    });
    expect(() => pipeline.push(events)).toThrow('the receiver failed');
    expect(seen).toEqual(['/a']);
    const other = converse(client(get('/c')), server(ok('C')));
    expect(summaries(other)).toEqual(['GET /c → 200 C']);
  });

  it.each([
    ['while they last', (pipeline: Pipeline) => pipeline.tick(startUs + 5_000_000)],
    ['at the end of a recording', (pipeline: Pipeline) => pipeline.end(startUs + 5_000_000)],
  ])('lets go of what is handed out before it comes to the next connection, %s', (_, handOut) => {
    const seen: string[] = [];
    const pipeline = createPipeline({
      redact: (exchange) => asRedacted(exchange),
      onExchange: ({ exchange }) => seen.push(httpIn(exchange).request?.target ?? ''),
      onLetGo: () => seen.push('let go'),
      onLoss: () => undefined,
    });
    for (const key of [1, 2, 3]) {
      pipeline.push(eventsOf({ key }, [client(get(`/${key}`)), server(ok('hello\nyou').slice(0, -1))]));
    }
    expect(seen).toEqual([]);
    handOut(pipeline);
    expect(seen).toEqual(['/1', 'let go', '/2', 'let go', '/3', 'let go']);
  });

  it('counts nothing of an exchange but what redaction left of it', () => {
    const secret = 'hunter22-hunter22';
    const redactor = createRedactor({ key: Buffer.alloc(32, 7) });
    const pipeline = createPipeline({
      redact: (exchange) => redactor.redact(exchange),
      onExchange: () => undefined,
      onLoss: () => undefined,
    });
    pipeline.push(eventsOf({}, [client(get(`/proxy/http://u:${secret}@h/`)), server(ok('A'))]));
    pipeline.end(startUs + 10_000_000);
    const { endpoints } = pipeline.stats();
    expect(endpoints.map(({ endpoint }) => endpoint)).toEqual([
      expect.stringMatching(/^GET .*\/proxy\/http:\/\/u:[^@]+@h\/$/),
    ]);
    expect(JSON.stringify(pipeline.stats())).not.toContain('hunter22');
  });

  it('tells losses that no connection has, and bytes that no connection has', () => {
    const stray: SourceEvent = {
      kind: 'data',
      connection: 7,
      atUs: startUs,
      direction: 'sent',
      position: 0,
      bytes: Buffer.from('abc'),
      size: 5,
      missing: 'fault',
    };
    const seen = play([
      { kind: 'loss', connection: null, atUs: startUs, reason: 'ring-full', events: 3, bytes: 900 },
      stray,
    ]);
    expect(seen.losses).toEqual([
      { atUs: startUs, connection: null, reason: 'ring-full', events: 3, bytes: 900 },
      { atUs: startUs, connection: 7, reason: 'no-open', events: 1, bytes: 5 },
    ]);
  });

  describe('where a loss names the connection and no position', () => {
    const loss: SourceEvent = {
      kind: 'loss',
      connection: 1,
      atUs: startUs,
      reason: 'program-skipped',
      events: 1,
      bytes: 0,
    };
    const later = [client(get('/b')), server(ok('B')), client(get('/c')), server(ok('C'))];
    const laterSeen = ['GET /b → 200 B', 'GET /c → 200 C'];
    /** The loss comes after the opening and so many turns. */
    const lossAfter = (count: number, ...turns: Turn[]) => {
      const events = eventsOf({ local: 'unix:/run/app.sock' }, [...turns, ...later]);
      return summaries(play([...events.slice(0, count + 1), loss, ...events.slice(count + 1)]));
    };

    it('marks what is under way, and says that its answer may have been another', () => {
      expect(lossAfter(1, client(get('/a')), server(ok('A')))).toEqual([
        'http1 → 200 A [unread-bytes]',
        'GET /a → lost [unread-bytes]',
        ...laterSeen,
      ]);
    });

    it('pairs nothing wrongly where it was an answer that is missing', () => {
      expect(lossAfter(1, client(get('/a')))).toEqual(['GET /a → lost [unread-bytes]', ...laterSeen]);
    });

    it('pairs nothing wrongly where it was a request that is missing', () => {
      const seen = lossAfter(2, client(get('/z')), server(ok('Z')), server(ok('A')));
      expect(seen).toEqual(['GET /z → 200 Z', 'http1 → 200 A [unread-bytes]', ...laterSeen]);
    });

    it('pairs nothing wrongly where it was the first request', () => {
      expect(lossAfter(0, server(ok('A')))).toEqual(['http1 → 200 A [unread-bytes]', ...laterSeen]);
    });
  });

  it('gives up holes by the time of events alone, without ticks', () => {
    const exchanges: Exchange[] = [];
    const pipeline = createPipeline({
      redact: (exchange) => asRedacted(exchange),
      onExchange: ({ exchange }) => exchanges.push(exchange),
      onLoss: () => undefined,
    });
    const events = eventsOf({}, [
      client('GET /x'),
      client(get('/y')),
      server(ok('Y')),
      waits(3_000_000),
      client(get('/z')),
      server(ok('Z')),
    ]);
    const [open, _lost, ...rest] = events;
    pipeline.push([open as SourceEvent, ...rest.slice(0, 2)]);
    pipeline.push(rest.slice(2));
    expect(pipeline.stats().lostBytes).toEqual({ hole: 6 });
  });

  it('times an exchange from the first byte of the request to the last of the answer', () => {
    const seen = converse(
      client(post('/a', 'hello').slice(0, -3)),
      client('llo'),
      server(ok('hi').slice(0, -1)),
      waits(500),
      server('i'),
    );
    expect(seen.exchanges[0]).toMatchObject({ startedAtUs: startUs + stepUs, durationUs: 3 * stepUs + 500 });
  });
});
