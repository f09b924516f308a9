/**
 * Plaintext, byte for byte, whatever call moved it: a C program talks to itself over loopback with every combination,
 * and the tape must hold both ends. What this tier cannot read must say so.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { StoredExchange } from '../../tape/store/tape';
import { httpIn, rawIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, seededBytes, startServer, stopAll, temporaryFolder } from '../support/programs';
import { bodyHash, type Recorded, recordCommand, sha256 } from '../support/recorder';

const SENDS = ['write', 'writev', 'send', 'sendto', 'sendmsg', 'sendmmsg', 'zerocopy'];
const RECEIVES = ['read', 'readv', 'recv', 'recvfrom', 'recvmsg', 'recvmmsg', 'peek-then-read'];
const REQUEST_BYTES = 70_001;
const RESPONSE_BYTES = 200_003;
const SEED = 7;
const SIZES = [0, 1, 191, 193, 4095, 16_384, 32_769, 4 << 20];
const TRICKS = ['dup', 'fork', 'ipv6', 'small-buffer'];

interface Run {
  readonly send: string;
  readonly receive: string;
  readonly request: number;
  readonly response: number;
  readonly trick: string;
}

const plain = (send: string, receive: string, more: Partial<Run> = {}): Run => ({
  send,
  receive,
  request: REQUEST_BYTES,
  response: RESPONSE_BYTES,
  trick: 'none',
  ...more,
});

const readable: Run[] = [
  ...SENDS.map((send) => plain(send, 'read')),
  ...RECEIVES.map((receive) => plain('write', receive)),
  plain('sendmsg', 'recvmsg'),
  plain('sendmmsg', 'recvmmsg'),
  plain('sendmmsg', 'read', { trick: 'small-buffer', response: 2 << 20 }),
  ...SIZES.map((size) => plain('write', 'recv', { request: size, response: size })),
  ...TRICKS.map((trick) => plain('write', 'read', { trick })),
];
const fromPackets: Run[] = [
  plain('sendfile', 'read'),
  plain('splice', 'read'),
  plain('sendfile', 'read', { trick: 'ipv6' }),
  plain('sendfile', 'read', { trick: 'small-buffer' }),
  plain('sendfile', 'read', { request: 8 << 20, response: 24 << 20 }),
];
const unreadableReceive = plain('write', 'splice');

/** More than can be told in 30 bits. */
const LONG_MIB = 1100;

describeE2e('plaintext by every call', () => {
  const folder = temporaryFolder();
  let recorded: Recorded;
  const runs = [...readable, ...fromPackets, unreadableReceive];

  beforeAll(async () => {
    const program = folder.file('socket-calls');
    execFileSync('cc', ['-O1', '-Wall', '-o', program, join(apps, 'socket-calls/socket-calls.c')]);
    const lines = runs.map(
      (run) => `${program} ${run.send} ${run.receive} ${run.request} ${run.response} ${SEED} ${run.trick}`,
    );
    const script = folder.write('all.sh', `set -e\n${lines.join('\n')}\n`);
    recorded = await recordCommand(['sh', script]);
  });

  afterAll(async () => {
    await stopAll();
    folder.remove();
  });

  /** The exchanges of the nth run, the client's and the server's: both processes are recorded. */
  function ends(run: Run): { outbound: StoredExchange | undefined; inbound: StoredExchange | undefined } {
    const same = runs.filter((other) => other.send === run.send && other.receive === run.receive);
    const nth = same.indexOf(run);
    const of = (direction: string) =>
      recorded.exchanges.filter(
        ({ exchange }) =>
          exchange.connection.direction === direction &&
          httpIn(exchange).request?.target === `/${run.send}/${run.receive}`,
      )[nth];
    return { outbound: of('outbound'), inbound: of('inbound') };
  }

  it('ends with the command, and with its status', () => {
    expect(recorded.status).toBe(0);
    expect(recorded.exchanges).toHaveLength(2 * runs.length);
  });

  it.each(readable)('keeps both directions of $send, $receive, $request and $response bytes, $trick', (run) => {
    const request = sha256(seededBytes(run.request, SEED));
    const response = sha256(seededBytes(run.response, SEED + 1));
    for (const stored of Object.values(ends(run))) {
      expect(stored?.exchange.problems).toEqual([]);
      expect(bodyHash(httpIn(stored?.exchange).request?.body)).toBe(request);
      expect(bodyHash(httpIn(stored?.exchange).response?.body)).toBe(response);
    }
  });

  it.each(fromPackets)(
    'takes $send, $request and $response bytes, from packets on the side that sends, $trick',
    (run) => {
      const { outbound, inbound } = ends(run);
      for (const stored of [outbound, inbound]) {
        expect(stored?.exchange.problems).toEqual([]);
        expect(stored?.exchange.connection.ways).toEqual(['packets']);
        expect(bodyHash(httpIn(stored?.exchange).request?.body)).toBe(sha256(seededBytes(run.request, SEED)));
        expect(bodyHash(httpIn(stored?.exchange).response?.body)).toBe(sha256(seededBytes(run.response, SEED + 1)));
      }
    },
  );

  it('says nothing of ways where all was in memory', () => {
    expect(ends(plain('write', 'read')).outbound?.exchange.connection.ways).toBeUndefined();
  });

  it('says that bytes received by splice were not read', () => {
    const { outbound } = ends(unreadableReceive);
    expect(outbound?.exchange.problems).toContain('unread-bytes');
    expect(httpIn(outbound?.exchange).response?.body.wireSize).toBe(RESPONSE_BYTES);
  });
});

/** Both ends open at once, so that their numbers are known later than those of others; and the end goes with bytes. */
const toItself = `
import socket
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.connect(s.getsockname())
for part in range(3):
    s.sendall(b'x' * 1000)
    s.recv(4000)
s.sendall(b'the last'); s.shutdown(socket.SHUT_WR)
while s.recv(4000): pass
`;

/** A server of one long answer, and a client that moves its body by splice alone. */
const longServer = `import socket
listener = socket.create_server(('127.0.0.1', 0))
print('listening', listener.getsockname()[1], flush=True)
connection, _ = listener.accept()
connection.recv(4096)
connection.sendall(b'HTTP/1.0 200 OK\\r\\nContent-Type: text/plain\\r\\n\\r\\n')
connection.recv(1)
for _ in range(${LONG_MIB}): connection.sendall(bytes(1 << 20))`;
const longClient = `import os, socket, sys
connection = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
connection.sendall(b'GET /long HTTP/1.0\\r\\n\\r\\n')
connection.recv(4096)
connection.sendall(b'\\n')
from_pipe, to_pipe = os.pipe()
nowhere = os.open('/dev/null', os.O_WRONLY)
while moved := os.splice(connection.fileno(), to_pipe, 1 << 16):
    while moved: moved -= os.splice(from_pipe, nowhere, moved)`;

describeE2e('more than a GiB that is received by splice', () => {
  it('is missing, all of it', async () => {
    const server = await startServer('python3', ['-c', longServer]);
    const { exchanges, summary } = await recordCommand(['python3', '-c', longClient, String(server.port)]);
    expect(exchanges.map(({ exchange }) => exchange.problems)).toEqual([['unread-bytes']]);
    expect(summary).toContain(`(${LONG_MIB * 2 ** 20}): unreadable-call`);
    await stopAll();
  });
});

describeE2e('a socket that is connected to itself', () => {
  it('lacks no byte', async () => {
    const { exchanges, summary } = await recordCommand(['python3', '-c', toItself], ['--allow-empty']);
    const [stored] = exchanges;
    const { requestSize, responseSize } = rawIn(stored?.exchange) ?? {};
    expect({ requestSize, responseSize }).toEqual({ requestSize: 3008, responseSize: 3008 });
    expect(summary).not.toContain('unreadable-call');
  });
});

describeE2e('connections that carry no answer', () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());

  it.each(['refused', 'reset'])('records that a connection was %s', async (trick) => {
    const program = folder.file('socket-calls');
    execFileSync('cc', ['-O1', '-Wall', '-o', program, join(apps, 'socket-calls/socket-calls.c')]);
    const { exchanges } = await recordCommand([program, 'write', 'read', '100', '100', '7', trick]);
    const outbound = exchanges.filter(({ exchange }) => exchange.connection.direction === 'outbound');
    expect(outbound.map(({ exchange }) => exchange.outcome)).toEqual([trick]);
    expect(outbound[0]?.exchange.connection.remote).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});
