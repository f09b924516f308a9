/** What was recorded over HTTP/1 arrives byte for byte, under the host of this run: a server answers with what came. */
import { createServer, type Socket } from 'node:net';
import type { OutgoingRequest } from '../../replayer/drive/outgoing';
import { answerIn, get, Stage } from '../support/driving';

const stage = new Stage();
afterEach(() => stage.close());

/** Answers what ends so with the bytes it came in. `before` goes out first, in as many pieces. */
function mirror(end: string, before: readonly string[] = []): Promise<string> {
  return stage.serve(
    createServer((socket) => {
      let seen = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        seen = Buffer.concat([seen, chunk]);
        if (!seen.toString('latin1').endsWith(end)) return;
        const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${seen.length}\r\n\r\n${seen.toString('latin1')}`;
        seen = Buffer.alloc(0);
        writeEach(socket, [...before, answer]);
      });
    }),
  );
}

function writeEach(socket: Socket, [first, ...others]: readonly string[]): void {
  if (first !== undefined) socket.write(first, 'latin1', () => setImmediate(() => writeEach(socket, others)));
}

const host = 'recorded.test';

/** As the recorder reads it: chunks are undone. */
function requestOf(bytes: string): OutgoingRequest {
  const [head = '', ...rest] = bytes.split('\r\n\r\n');
  const [line = '', ...fields] = head.split('\r\n');
  const [method = '', path = '', version] = line.split(' ');
  const headers = fields.map((field) => {
    const at = field.indexOf(': ');
    return [field.slice(0, at), field.slice(at + 2)] as const;
  });
  const chunk = /^[0-9a-f]+\r\n(.*)\r\n0$/s.exec(rest[0] ?? '');
  const body = Buffer.from(chunk?.[1] ?? rest.join('\r\n\r\n'), 'latin1');
  return get(path, { method, headers, body, version: version === 'HTTP/1.0' ? '1.0' : '1.1' });
}

it.each([
  ['no Connection', `GET /a?b HTTP/1.1\r\nUser-Agent: curl/8\r\nHost: ${host}\r\naccept: */*\r\n\r\n`],
  ['a Connection', `GET / HTTP/1.1\r\nhost: ${host}\r\nCONNECTION: Keep-Alive\r\nKeep-Alive: timeout=5\r\n\r\n`],
  ['the end of one', `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\r\n`],
  [
    'repeats and strange letters',
    `GET / HTTP/1.1\r\nX-A: 1\r\nHost: ${host}\r\nx-a: 2\r\nX-A: caf\u00e9\r\nX-None: \r\n\r\n`,
  ],
  ['a length of nothing', `GET / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`],
  ['a POST without length', `POST / HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
  ['a body of bytes', `DELETE /x HTTP/1.1\r\nHost: ${host}\r\ncontent-length: 4\r\nA: b\r\n\r\n\u0000\u00ff\u0001.`],
  [
    'chunks',
    `POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\nHost: ${host}\r\nTE: trailers\r\n\r\n3\r\nhey\r\n0\r\n\r\n`,
  ],
  ['HTTP/1.0 without host', 'GET / HTTP/1.0\r\nAccept: */*\r\n\r\n'],
  ['HTTP/1.0 that goes on', `GET / HTTP/1.0\r\nHost: ${host}\r\nConnection: keep-alive\r\n\r\n`],
  ['an upgrade that was not taken', `GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHost: ${host}\r\n\r\n`],
  ['a method of another book', `PROPFIND /dav HTTP/1.1\r\nDepth: 1\r\nHost: ${host}\r\nContent-Length: 2\r\n\r\n.\n`],
])('%s', async (_what, recorded) => {
  const url = await mirror(recorded.slice(-4));
  const driver = stage.drive(url);
  const expected = recorded.replace(host, new URL(url).host);
  for (const nth of ['first', 'second']) {
    const seen = answerIn(await driver.send(requestOf(recorded), '1')).body.bytes;
    expect([nth, Buffer.from(seen).toString('latin1')]).toEqual([nth, expected]);
  }
});

describe('an expectation to be told to continue', () => {
  const recorded = `PUT /x HTTP/1.1\r\nHost: ${host}\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nhey`;

  it.each([
    ['is not waited for where nothing comes', [], []],
    ['may come in pieces', ['HT', 'TP/1.1 100 Conti', 'nue\r\nX-A: 1\r\n', '\r\n'], [100]],
    ['may come twice, among others', ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r', '\n'], [100, 100]],
    ['may come with others', ['HTTP/1.1 100 \r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'], [100, 103]],
  ])('%s', async (_what, before, statuses) => {
    const url = await mirror('hey', before);
    const driver = stage.drive(url);
    for (const nth of ['first', 'second']) {
      const { body, informational } = answerIn(await driver.send(requestOf(recorded), '1'));
      const expected = recorded.replace(host, new URL(url).host);
      expect([nth, Buffer.from(body.bytes).toString('latin1')]).toEqual([nth, expected]);
      expect(informational.map(({ status }) => status)).toEqual(statuses);
    }
  });

  it('may be refused', async () => {
    const url = await stage.serve(
      createServer((socket) => {
        socket.once('data', () => socket.end('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n'));
      }),
    );
    expect(answerIn(await stage.drive(url).send(requestOf(recorded), '1')).status).toBe(417);
  });
});
