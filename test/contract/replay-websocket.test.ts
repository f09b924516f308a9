/** Conversations over WebSockets, recorded from real servers and played against real servers, equal ones and changed ones. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type * as http from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { parseAccepted } from '../../replayer/accept/accepted-file';
import { heldOf } from '../../replayer/accept/stale';
import { casesFrom } from '../../replayer/cases/cases';
import { parseTarget } from '../../replayer/drive/target';
import { parseNoiseRules } from '../../replayer/noise/rules';
import { runSuite, type SuiteOptions } from '../../replayer/run';
import type { StoredExchange } from '../../tape/store/tape';
import { httpIn } from '../support/contents';
import { apps, lineFrom, makeCertificate, start, stopAll, temporaryFolder } from '../support/programs';
import { type Listening, listen, RecordingClient } from '../support/recorded-http';
import { listenForSockets, type Recording, recordSocket, type Speaker } from '../support/recorded-socket';
import { suiteDefaults } from '../support/suite-defaults';

const open: Listening[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

type Behaviour = Parameters<typeof listenForSockets>;

async function serve(...behaviour: Behaviour): Promise<string> {
  const service = await listenForSockets(...behaviour);
  open.push(service);
  return service.url;
}

interface Tickets {
  readonly word?: string;
  readonly onJoin?: (socket: WebSocket) => void;
  /** What its clock says. */
  readonly now?: () => number;
}

/** A room with tickets: minted ids, a reply to each message, a goodbye. */
function tickets(over: Tickets = {}): Behaviour[0] {
  const now = over.now ?? (() => Date.now());
  return (socket) => {
    const known = new Set<string>();
    socket.on('message', (data, isBinary) => {
      if (isBinary) {
        socket.send(data, { binary: true });
        return;
      }
      const said = JSON.parse(data.toString());
      if (said.type === 'join') {
        socket.send(JSON.stringify({ type: 'joined', room: said.room, at: new Date(now()).toISOString() }));
        over.onJoin?.(socket);
      } else if (said.type === 'open') {
        const id = randomUUID();
        known.add(id);
        socket.send(JSON.stringify({ type: 'opened', id, title: said.title, status: over.word ?? 'open' }));
      } else if (said.type === 'close') {
        socket.send(JSON.stringify({ type: known.has(said.id) ? 'closed' : 'unknown', id: said.id }));
      } else if (said.type === 'bye') socket.close(1000, 'see you');
    });
  };
}

async function visit({ say, hear, closed }: Speaker): Promise<void> {
  say(JSON.stringify({ type: 'join', room: 'red' }));
  await hear();
  say(JSON.stringify({ type: 'open', title: 'tea is cold' }));
  const { id } = JSON.parse(await hear());
  say(JSON.stringify({ type: 'close', id }));
  await hear();
  say(Buffer.from([1, 2, 3, 0]));
  await hear();
  say(JSON.stringify({ type: 'bye' }));
  await closed();
}

async function recorded(
  behaviour: Behaviour[0],
  speak: (speaker: Speaker) => Promise<void>,
  recording: Recording = {},
): Promise<StoredExchange> {
  const service = await listenForSockets(behaviour);
  try {
    return await recordSocket(service.url, speak, recording);
  } finally {
    await service.close();
  }
}

async function replay(stored: readonly StoredExchange[], url: string, options: Partial<SuiteOptions> = {}) {
  return runSuite(casesFrom(stored), { ...suiteDefaults, target: parseTarget(url), ...options });
}

const told = ({ report }: Awaited<ReturnType<typeof replay>>) =>
  report.results.flatMap(({ verdict, reason, differences }) => [
    [verdict, reason].join(' ').trim(),
    ...differences.map(({ path, kind, expected, actual }) =>
      [path, kind, JSON.stringify(expected), JSON.stringify(actual)].join(' '),
    ),
  ]);

describe('a conversation', () => {
  it('passes against the build it was recorded from, with the values of this run', async () => {
    const stored = await recorded(tickets(), visit);
    const outcome = await replay([stored], await serve(tickets()));
    expect(told(outcome)).toEqual(['pass']);
    const [result] = outcome.report.results;
    expect(result?.excused).toContainEqual({ path: 'message[1].body.at', cause: 'clock', rule: 'clock' });
    expect(outcome.report.carried).toMatchObject([
      { from: { case: '1', path: 'message[3].body.id' }, to: [{ case: '1', path: 'message[4].body.id' }] },
    ]);
  });

  it('fails against a changed build, at the place that changed', async () => {
    const stored = await recorded(tickets(), visit);
    const outcome = await replay([stored], await serve(tickets({ word: 'new' })));
    expect(told(outcome)).toEqual(['fail', 'message[3].body.status changed "open" "new"']);
  });

  it('may differ where a rule says so', async () => {
    const stored = await recorded(tickets(), visit);
    const noise = parseNoiseRules('- { in: response, path: "message[*].body.status", because: "it moves" }', 'n.yaml');
    const outcome = await replay([stored], await serve(tickets({ word: 'new' })), { noise });
    expect(told(outcome)).toEqual(['pass']);
  });

  it('is held against what was accepted, also beside a message that is new', async () => {
    const stored = await recorded(tickets(), visit);
    const [test] = casesFrom([stored]);
    const entry = `- { case: ${test?.id}, name: "${test?.name}", path: "message[3].body.status", recorded: open, accepted: new, because: x }`;
    const { accepted, warnings } = heldOf(parseAccepted(entry, 'a.yaml'), casesFrom([stored]), { isWhole: true });
    expect(warnings).toEqual([]);
    const run = async (over: Parameters<typeof tickets>[0]) =>
      told(await replay([stored], await serve(tickets(over)), { accepted }));
    expect(await run({ word: 'new' })).toEqual(['pass']);
    expect(await run({ word: 'open' })).toEqual(['fail', 'message[3].body.status unchanged "open" "open"']);
    expect(await run({ word: 'other' })).toEqual(['fail', 'message[3].body.status changed "open" "other"']);
    const onOpen = (socket: WebSocket) => socket.send('{"type":"news","text":"now with news"}');
    expect(await run({ word: 'open', onJoin: onOpen })).toContain('message[3].body.status unchanged "open" "open"');
  });

  it('names a message that is new, and what follows it is still equal', async () => {
    const stored = await recorded(tickets(), visit);
    const onJoin = (socket: WebSocket) => socket.send('{"type":"news","text":"now with news"}');
    const outcome = await replay([stored], await serve(tickets({ onJoin })));
    expect(told(outcome)).toEqual(['fail', 'message[2] added null {"type":"news","text":"now with news"}']);
  });

  it('names a message that never comes, and does not wait for what would have come after it', async () => {
    const onJoin = (socket: WebSocket) => socket.send('{"type":"news","text":"old"}');
    const stored = await recorded(tickets({ onJoin }), async (speaker) => {
      speaker.say('{"type":"join","room":"red"}');
      await speaker.hear();
      await speaker.hear();
      speaker.say('{"type":"bye"}');
      await speaker.closed();
    });
    const outcome = await replay([stored], await serve(tickets()), { timeoutMs: 300 });
    expect(told(outcome)).toEqual(['fail', 'message[2] removed {"type":"news","text":"old"} null']);
    expect(outcome.notes.get('1')?.hints[0]).toMatch(
      /^message\[2\] did not come within 3\d\d ms; nothing after it was said or waited for$/,
    );
  });

  it('says what came too early', async () => {
    const both =
      (words: readonly string[]): Behaviour[0] =>
      (socket) => {
        socket.on('message', () => {
          for (const word of words) socket.send(JSON.stringify({ type: word, [word]: true }));
        });
      };
    const stored = await recorded(both(['first', 'second']), async ({ say, hear, close }) => {
      say('go');
      await hear();
      await hear();
      await close(1000);
    });
    const outcome = await replay([stored], await serve(both(['second', 'first'])));
    expect(told(outcome)).toEqual(['fail', 'message[2] reordered "after message[1]" "before message[1]"']);
  });

  it('holds news of one thing against news of the same, in whatever order they come', async () => {
    const news =
      (order: readonly number[]): Behaviour[0] =>
      (socket) => {
        const ids = [randomUUID(), randomUUID()];
        socket.on('message', (data) => {
          if (data.toString() === 'open') for (const id of ids) socket.send(JSON.stringify({ type: 'opened', id }));
          else for (const i of order) socket.send(JSON.stringify({ type: 'state', id: ids[i], open: true, n: 1 }));
        });
      };
    const stored = await recorded(news([0, 1]), async ({ say, hear, close }) => {
      for (const word of ['open', 'state']) {
        say(word);
        await hear();
        await hear();
      }
      await close(1000);
    });
    expect(told(await replay([stored], await serve(news([0, 1]))))).toEqual(['pass']);
    expect(told(await replay([stored], await serve(news([1, 0]))))).toEqual([
      'fail',
      'message[5] reordered "after message[4]" "before message[4]"',
    ]);
  });

  it.each([
    ['another code', (socket: WebSocket) => socket.close(1011, 'see you'), ['message[1].code changed 1000 1011']],
    ['other words', (socket: WebSocket) => socket.close(1000, 'bye'), ['message[1].reason changed "see you" "bye"']],
    [
      'no words at all',
      (socket: WebSocket) => socket.terminate(),
      ['message[1] removed {"close":1000,"reason":"see you"} null'],
    ],
  ])('that ends with %s differs there', async (_what, end, differences) => {
    const speak = async ({ say, closed }: Speaker) => {
      say('{"type":"bye"}');
      await closed();
    };
    const stored = await recorded(tickets(), speak);
    const url = await serve((socket) => socket.on('message', () => end(socket)));
    expect(told(await replay([stored], url))).toEqual(['fail', ...differences]);
  });

  it('differs in kind where a text comes as bytes', async () => {
    const echo =
      (binary: boolean): Behaviour[0] =>
      (socket) =>
        void socket.on('message', (data) => socket.send(data, { binary }));
    const stored = await recorded(echo(false), async ({ say, hear, close }) => {
      say('hello');
      await hear();
      await close();
    });
    expect(told(await replay([stored], await serve(echo(false))))).toEqual(['pass']);
    expect(told(await replay([stored], await serve(echo(true))))).toEqual([
      'fail',
      'message[1].kind changed "text" "binary"',
    ]);
  });
});

describe('what is said elsewhere', () => {
  const json = { 'Content-Type': 'application/json' };

  /** A socket that is told of each order that is made over HTTP. */
  function shop(): { connected: Behaviour[0]; answer: http.RequestListener } {
    const sockets = new Set<WebSocket>();
    const orders = new Set<string>();
    return {
      connected: (socket) => {
        sockets.add(socket);
        socket.on('message', () => socket.send('{"type":"listening"}'));
      },
      answer: (request, response) => {
        if (request.method === 'GET') {
          const isKnown = orders.has(request.url?.split('/').at(-1) ?? '');
          response.writeHead(isKnown ? 200 : 404, json).end(JSON.stringify({ isKnown }));
          return;
        }
        const id = randomUUID();
        orders.add(id);
        for (const socket of sockets) socket.send(JSON.stringify({ type: 'ordered', id }));
        response.writeHead(201, json).end('{}');
      },
    };
  }

  it('is sent between the messages it was sent between, and what a message minted goes into later requests', async () => {
    const { connected, answer } = shop();
    const url = await serve(connected, answer);
    const client = new RecordingClient(url);
    const socket = await recordSocket(
      url,
      async ({ say, hear, close }) => {
        say('{"type":"listen"}');
        await hear();
        await client.call({ method: 'POST', path: '/orders', body: '{}' });
        const { id } = JSON.parse(await hear());
        await client.call({ path: `/orders/${id}` });
        await close(1000);
      },
      { id: '9' },
    );
    client.close();
    const other = shop();
    const outcome = await replay([...client.stored, socket], await serve(other.connected, other.answer), {
      timeoutMs: 3000,
    });
    expect(told(outcome)).toEqual(['pass', 'pass', 'pass']);
    expect(outcome.report.carried).toMatchObject([
      { from: { case: '9', path: 'message[2].body.id' }, to: [{ case: '2', path: 'path[1]' }] },
    ]);
  });

  it('may come from another conversation', async () => {
    const room = (): Behaviour[0] => {
      const sockets: WebSocket[] = [];
      return (socket) => {
        sockets.push(socket);
        socket.send('welcome');
        socket.on('message', (data) => {
          for (const each of sockets) if (each !== socket) each.send(data.toString());
        });
      };
    };
    const url = await serve(room());
    let talking: Promise<StoredExchange> | undefined;
    const first = await recordSocket(url, async (ada) => {
      await ada.hear();
      talking = recordSocket(
        url,
        async (bob) => {
          await bob.hear();
          bob.say('hello ada');
          await bob.hear();
          await bob.close(1000);
        },
        { id: '2' },
      );
      await ada.hear();
      ada.say('hello bob');
      await talking;
      await ada.close(1000);
    });
    const second = await (talking as Promise<StoredExchange>);
    expect(told(await replay([first, second], await serve(room()), { timeoutMs: 3000 }))).toEqual(['pass', 'pass']);
  });

  it('ends in the middle when the run is ended, and waits for nothing', async () => {
    const controller = new AbortController();
    const stored = await recorded(tickets(), visit);
    const url = await serve((socket) => {
      socket.on('message', () => controller.abort());
    });
    const { report, interrupted } = await replay([stored], url, { signal: controller.signal });
    expect([interrupted, report.passed]).toEqual([true, 0]);
  });

  it('keeps the pace of the recording when asked to', async () => {
    const stored = await recorded(tickets(), visit);
    expect(told(await replay([stored], await serve(tickets()), { speed: 'recorded' }))).toEqual(['pass']);
  });

  it('does not mix up fifty conversations at once', async () => {
    // All read the clock in one step of it in the recording, however long their words took to come; and now in none.
    const recordedAt = Date.now();
    const url = await serve(tickets({ now: () => recordedAt }));
    let readings = 0;
    const now = () => Date.now() + readings++;
    let arrived = 0;
    let all: () => void = () => {};
    const everybody = new Promise<void>((resolve) => {
      all = resolve;
    });
    const stored = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        recordSocket(
          url,
          async (speaker) => {
            if (++arrived === 50) all();
            await everybody;
            await visit(speaker);
          },
          { id: String(i + 1) },
        ),
      ),
    );
    const sameIds = new Set<string>();
    let most = 0;
    const there = new Set<WebSocket>();
    const live: Behaviour[0] = (socket, request) => {
      there.add(socket);
      most = Math.max(most, there.size);
      socket.on('close', () => there.delete(socket));
      sameIds.add(String(request.headers['sec-websocket-key']));
      tickets({ now })(socket, request);
    };
    const { report } = await replay(stored, await serve(live), { concurrency: 8 });
    expect(report).toMatchObject({ cases: 50, passed: 50 });
    expect([sameIds.size, most]).toEqual([50, 50]);
  });
});

describe('the handshake', () => {
  it('goes out as recorded: fields, order, subprotocols and the extension; the key is new', async () => {
    const seen: string[][] = [];
    const accept: Behaviour[0] = (_socket, request) => void seen.push(request.rawHeaders);
    const url = await serve(accept);
    const stored = await recordSocket(url, ({ close }) => close(1000), {
      path: '/chat/../x?a=%7b',
      protocols: ['graphql-ws', 'other'],
      headers: [
        ['Cookie', 'a=1'],
        ['X-Tenant', 'red'],
      ],
      options: { origin: url },
    });
    expect(told(await replay([stored], url))).toEqual(['pass']);
    const [before = [], after = []] = seen.map((raw) => raw.map((text) => text.replace(/^.{22}==$/, 'KEY')));
    expect(after).toEqual(before);
    expect(seen[0]).not.toEqual(seen[1]);
  });

  it('may choose no subprotocol where the recorded one did not', async () => {
    const none = { handleProtocols: () => false };
    const url = await serve(() => {}, undefined, none);
    const stored = await recordSocket(url, ({ close }) => close(1000));
    const { request } = httpIn(stored.exchange);
    const offered = { ...request, headers: [...(request?.headers ?? []), ['Sec-WebSocket-Protocol', 'a, b']] };
    const exchange = { ...stored.exchange, content: { ...stored.exchange.content, request: offered } };
    expect(told(await replay([{ ...stored, exchange } as StoredExchange], url))).toEqual(['pass']);
  });

  it('that is refused now is a difference, and nothing is said', async () => {
    const stored = await recorded(tickets(), visit);
    const service = await serveUpgrades((socket) => {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
    });
    const outcome = await replay([stored], service);
    expect(told(outcome)).toEqual(['fail', 'status changed 101 403', 'body added null "no"']);
    expect(outcome.notes.get('1')?.hints).toEqual([
      'the handshake was refused, so that none of the 10 messages was said',
    ]);
  });

  it('without the extension that was agreed on is a difference; messages are equal without it', async () => {
    const deflating: Behaviour = [tickets(), undefined, { perMessageDeflate: { threshold: 0 } }];
    const service = await listenForSockets(...deflating);
    const stored = await recordSocket(service.url, visit, { options: { perMessageDeflate: true } });
    await service.close();
    expect(told(await replay([stored], await serve(...deflating)))).toEqual(['pass']);
    expect(told(await replay([stored], await serve(tickets())))).toEqual([
      'fail',
      'header["sec-websocket-extensions"] removed "permessage-deflate" null',
    ]);
  });

  it('needs a credential that redaction took, and takes it from an answer', async () => {
    const entry = { in: 'request', path: 'header["authorization"]', rule: 'auth', placeholder: 'GONE' } as const;
    const stored = await recorded(tickets(), visit, { headers: [['Authorization', 'GONE']], redacted: [entry] });
    const seen: unknown[] = [];
    const url = await serve((socket, request) => {
      seen.push(request.headers.authorization);
      tickets()(socket, request);
    });
    expect(told(await replay([stored], url))).toEqual(['pass']); // nobody asks for it
    expect(told(await replay([stored], url, { secrets: new Map([['authorization', 's3cret']]) }))).toEqual(['pass']);
    expect(seen).toEqual(['GONE', 's3cret']);
    const strict = await serveUpgrades((socket) => socket.end('HTTP/1.1 401 Who\r\nConnection: close\r\n\r\n'));
    expect(told(await replay([stored], strict))).toEqual(['skipped needs-secret']);
  });

  it.each([
    ['hangs', () => {}, 'error timeout'],
    ['ends the connection', (socket: Duplex) => socket.destroy(), 'error closed'],
    ['answers nonsense', (socket: Duplex) => socket.end('what?\r\n\r\n'), 'error bad-answer'],
    [
      'proves nothing',
      (socket: Duplex) =>
        socket.write(
          'HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
        ),
      'error bad-answer',
    ],
  ])('with a server that %s is an error, and no hang', async (_what, answer, verdict) => {
    const stored = await recorded(tickets(), visit);
    expect(told(await replay([stored], await serveUpgrades(answer), { timeoutMs: 300 }))).toEqual([verdict]);
  });

  it('goes over TLS, with the certificates that are trusted', async () => {
    const folder = temporaryFolder();
    try {
      const { cert } = makeCertificate(folder.path);
      const program = start(process.execPath, [join(apps, 'streams/websocket.js'), 'server', folder.path]);
      const [, port] = await lineFrom(program, program.child.stdout, /^listening (\d+)$/);
      const stored = await recorded(
        (socket) => void socket.on('message', (data) => socket.send(data.toString())),
        async ({ say, hear, close }) => {
          say('hello');
          await hear();
          await close(1000);
        },
        { options: { perMessageDeflate: false } },
      );
      const url = `https://localhost:${port}`;
      expect(told(await replay([stored], url, { ca: readFileSync(cert, 'utf8') }))).toEqual(['pass']);
      const outcome = await replay([stored], url);
      expect([told(outcome), outcome.unreachable?.reason]).toEqual([['error tls'], 'tls']);
    } finally {
      await stopAll();
      folder.remove();
    }
  });

  it('with nobody there is an error of the target', async () => {
    const stored = await recorded(tickets(), visit);
    const service = await listenForSockets(() => {});
    await service.close();
    const outcome = await replay([stored], service.url);
    expect(told(outcome)).toEqual(['error refused']);
    expect(outcome.unreachable?.reason).toBe('refused');
  });
});

describe('a server', () => {
  const hello = async ({ say, hear, close }: Speaker) => {
    say('hello');
    await hear();
    await close(1000);
  };
  const echo: Behaviour[0] = (socket) => void socket.on('message', (data) => socket.send(data.toString()));

  it('that closes before everything was said differs there', async () => {
    const stored = await recorded(echo, hello);
    const url = await serve((socket) => socket.close(1013, 'full'));
    expect(told(await replay([stored], url))).toEqual([
      'fail',
      'message[1] removed "hello" null',
      'message[3].code changed 1000 1013',
      'message[3].reason changed "" "full"',
    ]);
  });

  it('may say ten megabytes, in fragments or not', async () => {
    const large = 'ten megabytes '.repeat(750_000);
    const whole: Behaviour[0] = (socket) => void socket.on('message', () => socket.send(large));
    const pieces: Behaviour[0] = (socket) =>
      void socket.on('message', () => {
        for (let at = 0; at < large.length; at += 1_000_000) {
          const fin = at + 1_000_000 >= large.length;
          socket.send(large.slice(at, at + 1_000_000), { fin });
          socket.ping('still here');
        }
      });
    const stored = await recorded(whole, hello);
    expect(told(await replay([stored], await serve(pieces)))).toEqual(['pass']);
  }, 30_000);

  it('that sends garbage for frames is an error that says what it did', async () => {
    const stored = await recorded(echo, hello);
    const url = await serve((socket) => {
      const raw = (socket as unknown as { _socket: Duplex })._socket; // past ws, which sends no garbage
      socket.on('message', () => void raw.write(Buffer.from([0xff, 0xff, 0xff])));
    });
    const outcome = await replay([stored], url);
    expect(told(outcome)).toEqual(['error bad-answer']);
    expect(outcome.notes.get('1')?.hints[0]).toMatch(/^after 0 messages of the server: Invalid WebSocket frame/);
  });

  it('may ping: it is answered, and that is no message', async () => {
    const pinging: Behaviour[0] = (socket) => {
      socket.on('message', (data) => {
        socket.once('pong', () => socket.send(data.toString()));
        socket.ping('there?');
      });
    };
    const stored = await recorded(echo, hello);
    expect(told(await replay([stored], await serve(pinging)))).toEqual(['pass']);
  });

  it('is pinged where the recorded one was', async () => {
    const pinged: string[] = [];
    const listening: Behaviour[0] = (socket, request) => {
      socket.on('ping', () => pinged.push('ping'));
      echo(socket, request);
    };
    const stored = await recorded(echo, async (speaker) => {
      speaker.ping();
      await hello(speaker);
    });
    expect(told(await replay([stored], await serve(listening)))).toEqual(['pass']);
    expect(pinged).toEqual(['ping']);
  });

  it('that answers twice where it answered once differs', async () => {
    const twice: Behaviour[0] = (socket) =>
      void socket.on('message', (data) => {
        socket.send(data.toString());
        socket.send('and again');
      });
    const stored = await recorded(echo, hello);
    expect(told(await replay([stored], await serve(twice)))).toEqual(['fail', 'message[2] added null "and again"']);
  });

  it('is not told a code that must not be sent', async () => {
    const stored = await recorded(echo, hello);
    const messages = stored.exchange.messages.map((message) =>
      message.kind === 'close' && message.from === 'client'
        ? { ...message, facts: { code: 1015, reason: '' } }
        : message,
    );
    const outcome = await replay([{ ...stored, exchange: { ...stored.exchange, messages } }], await serve(echo));
    expect(told(outcome)).toEqual(['error unsendable']);
    expect(outcome.notes.get('1')?.hints).toEqual(['a close with the code 1015 cannot be sent']);
  });

  it('may go on where the recording was cut short', async () => {
    const stored = await recorded(
      echo,
      async ({ say, hear }) => {
        say('hello');
        await hear();
      },
      { problems: ['cut-short'] },
    );
    const more: Behaviour[0] = (socket) =>
      void socket.on('message', (data) => {
        socket.send(data.toString());
        socket.send('later');
      });
    expect(told(await replay([stored], await serve(more)))).toEqual(['pass']);
  });
});

/** A server of bare sockets that have asked for an upgrade. */
async function serveUpgrades(upgrade: (socket: Duplex) => void): Promise<string> {
  const service = await listen((_request, response) => void response.end());
  const sockets = new Set<Duplex>();
  service.server.on('upgrade', (_request, socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    upgrade(socket);
  });
  open.push({
    ...service,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return service.close();
    },
  });
  return service.url;
}
