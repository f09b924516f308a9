/** What nginx sends by sendfile, its default: taken from the packets it leaves in, byte for byte, or marked. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { probeTiers } from '../../native/binding';
import { freePort } from '../../replayer/launch/free-port';
import type { Exchange } from '../../tape/model/exchange';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { seededBytes, startNginx, stopAll, temporaryFolder } from '../support/programs';
import { bodyHash, recordDuring, sha256 } from '../support/recorder';

const SIZES = [1, 4096, 70_001, 1 << 20, 12 << 20];
const folder = temporaryFolder();
let upstream: http.Server;

beforeAll(async () => {
  for (const size of SIZES) folder.write(`file-${size}`, seededBytes(size, size));
  upstream = http.createServer(async (request, response) => {
    const hash = createHash('sha256');
    for await (const part of request) hash.update(part);
    response.end(hash.digest('hex'));
  });
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
});
afterEach(stopAll);
afterAll(() => {
  upstream.close();
  folder.remove();
});

/** Serves the folder, and passes on what is posted: bodies above its buffer lie in a file in between. */
async function nginx(): Promise<number> {
  const port = await freePort();
  await startNginx(
    folder.path,
    `sendfile on; default_type application/octet-stream; proxy_http_version 1.1; client_body_buffer_size 16k;
     server { listen 127.0.0.1:${port}; keepalive_requests 100000; root ${folder.path};
       location /up { proxy_pass http://127.0.0.1:${(upstream.address() as AddressInfo).port}; } }`,
  );
  return port;
}

function ask(agent: http.Agent, port: number, path: string, body?: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const request = http.request({ host: '127.0.0.1', port, path, agent, method }, async (response) => {
      resolve(Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)));
    });
    request.on('error', reject).end(body);
  });
}

const targetOf = (exchange: Exchange) => httpIn(exchange).request?.target;
const takesPackets = probeTiers().some(({ ok, detail }) => ok && detail.includes('(recorder.bpf.o)'));

describeE2e('nginx with sendfile', () => {
  it('is on a kernel on which packets can be looked at', () => expect(takesPackets).toBe(true));

  it('serves files that are whole on the tape, on connections that stay', async () => {
    const port = await nginx();
    const rounds = 3;
    const { exchanges, summary } = await recordDuring(['--port', String(port)], async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
      const paths = Array.from({ length: rounds }, () => SIZES.map((size) => `/file-${size}`)).flat();
      await Promise.all(paths.map((path) => ask(agent, port, path)));
      agent.destroy();
    });
    const seen = exchanges.map(({ exchange }) => exchange);
    expect(seen.flatMap(({ problems }) => problems)).toEqual([]);
    for (const size of SIZES) {
      const same = seen.filter((exchange) => targetOf(exchange) === `/file-${size}`);
      const hashes = same.map((exchange) => bodyHash(httpIn(exchange).response?.body));
      expect([size, hashes]).toEqual([size, Array(rounds).fill(sha256(seededBytes(size, size)))]);
    }
    expect(seen.map(({ connection }) => connection.ways)).toEqual(Array(seen.length).fill(['packets']));
    expect(summary).toMatch(/^ {2}missing {4}nothing$/m);
  });

  it('passes on request bodies that are whole on either side', async () => {
    const port = await nginx();
    const { exchanges } = await recordDuring(['--port', String(port)], async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
      const sent = SIZES.map(async (size) => {
        const body = seededBytes(size, size);
        expect((await ask(agent, port, `/up/${size}`, body)).toString()).toBe(sha256(body));
      });
      await Promise.all(sent);
      agent.destroy();
    });
    for (const size of SIZES) {
      const both = exchanges.map(({ exchange }) => exchange).filter((one) => targetOf(one) === `/up/${size}`);
      const facts = both.map((one) => [one.problems, bodyHash(httpIn(one).request?.body)]);
      expect([size, facts]).toEqual([size, Array(2).fill([[], sha256(seededBytes(size, size))])]);
    }
  });

  it('waits for what its client is slow to take', async () => {
    const port = await nginx();
    const [big] = SIZES.slice(-1) as [number];
    const { exchanges } = await recordDuring(['--port', String(port)], async () => {
      const slow = connect(port, '127.0.0.1');
      slow.write(`GET /file-${big} HTTP/1.1\r\nHost: slow\r\nConnection: close\r\n\r\n`);
      await once(slow, 'readable');
      // Meanwhile nothing is read of it, and it fills what the kernel has room for.
      const agent = new http.Agent({ keepAlive: true });
      for (let i = 0; i < 50; i++) await ask(agent, port, '/file-4096');
      agent.destroy();
      slow.resume();
      await once(slow, 'end');
    });
    const slow = exchanges.map(({ exchange }) => exchange).find((one) => targetOf(one) === `/file-${big}`);
    expect([slow?.problems, bodyHash(httpIn(slow).response?.body)]).toEqual([[], sha256(seededBytes(big, big))]);
  });

  it('is not called whole where its client has gone', async () => {
    const port = await nginx();
    const [big] = SIZES.slice(-1) as [number];
    const { exchanges } = await recordDuring(['--port', String(port)], async () => {
      const leaving = connect(port, '127.0.0.1');
      leaving.write(`GET /file-${big} HTTP/1.1\r\nHost: leaving\r\n\r\n`);
      await once(leaving, 'readable');
      leaving.resetAndDestroy();
      await once(leaving, 'close');
      await ask(new http.Agent(), port, '/file-1');
    });
    const left = exchanges.map(({ exchange }) => exchange).find((one) => targetOf(one) === `/file-${big}`);
    expect(left?.problems).not.toEqual([]);
    const body = httpIn(left).response?.body;
    const kept = Buffer.from(body?.bytes ?? []);
    expect(kept.equals(seededBytes(big, big).subarray(0, kept.length))).toBe(true);
  });
});
