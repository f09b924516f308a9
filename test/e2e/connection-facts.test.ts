/** What is known of connections besides their bytes: what TCP measured, what TLS agreed on, who speaks, and to which name. */
import { spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '../../tape/model/exchange';
import { parseFilterPattern } from '../../tape/model/filter';
import { openTapeReader } from '../../tape/store/sqlite/index';
import type { StoredExchange } from '../../tape/store/tape';
import { httpIn } from '../support/contents';
import { dnsResponse } from '../support/dns';
import { describeE2e } from '../support/e2e';
import {
  apps,
  type Certificate,
  lineFrom,
  makeCertificate,
  run,
  start,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { readTape, recordCommand, recordDuring, startRecording } from '../support/recorder';
import { workingTiers } from '../support/tiers';

const node = process.execPath;
const echo = join(apps, 'echo/node.js');
const folder = temporaryFolder();
let certificate: Certificate;

beforeAll(() => {
  certificate = makeCertificate(folder.path);
});
afterEach(stopAll);
afterAll(() => folder.remove());

const plainServer = () => startServer(node, [echo, 'server']);
const connectionsOf = (exchanges: readonly StoredExchange[]): readonly Connection[] =>
  exchanges.map(({ exchange }) => exchange.connection);
const nodeAsks = (url: string) => [node, '-e', `fetch(${JSON.stringify(url)}).then((answer) => answer.text())`];

describeE2e('what TCP measured', () => {
  it.each(workingTiers())('is on the tape of both ends, by tier %s', async (tier) => {
    const { port } = await plainServer();
    const url = `http://127.0.0.1:${port}/`;
    const command = ['curl', '-s', '-d', 'x'.repeat(10_000), '-o', '/dev/null', url];
    const { exchanges } = await recordCommand(command, ['--tier', tier]);
    const served = await recordDuring(['--port', String(port), '--tier', tier], async () => {
      await run(command[0] ?? '', command.slice(1));
    });
    const [client] = connectionsOf(exchanges);
    const [server] = connectionsOf(served.exchanges);
    expect(client?.transport?.sentBytes).toBeGreaterThan(10_000);
    expect(server?.transport?.receivedBytes).toBe(client?.transport?.sentBytes);
    expect(server?.transport?.sentBytes).toBe(client?.transport?.receivedBytes);
    for (const transport of [client?.transport, server?.transport]) {
      expect(transport?.roundTripUs).toBeGreaterThan(0);
      expect(transport?.roundTripUs).toBeLessThan(1_000_000);
      expect(transport?.congestionWindow).toBeGreaterThanOrEqual(1);
      expect(transport?.retransmits).toBeLessThan(100);
    }
  });

  it('is that of the end of the recording where the connection goes on', async () => {
    const { port } = await plainServer();
    const recording = await startRecording(folder.file('goes-on.tape'), ['--port', String(port)]);
    const socket = net.connect(port, '127.0.0.1');
    socket.write('GET /one HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    expect(await recording.end()).toBe(0);
    const [connection] = connectionsOf(await readTape(recording.tape));
    socket.destroy();
    expect(connection?.transport?.receivedBytes).toBe('GET /one HTTP/1.1\r\nHost: a\r\n\r\n'.length);
    expect(connection?.transport?.roundTripUs).toBeGreaterThan(0);
  });

  it('counts what was sent again where nobody answers a connect, and times no round trip', async () => {
    // A listener whose queue is full drops further connects.
    const script = `
import socket
server = socket.socket(); server.bind(('127.0.0.1', 0)); server.listen(0)
held = [socket.socket() for _ in range(4)]
for one in held:
    one.setblocking(False); one.connect_ex(server.getsockname())
late = socket.socket(); late.setsockopt(socket.IPPROTO_TCP, 18, 2000) # TCP_USER_TIMEOUT
try: late.connect(server.getsockname())
except TimeoutError: pass
`;
    const { exchanges } = await recordCommand(['python3', '-c', script], ['--allow-empty']);
    const late = exchanges.filter(({ exchange }) => exchange.outcome === 'timeout');
    expect(late.length).toBeGreaterThan(0);
    for (const { transport } of connectionsOf(late)) {
      expect(transport?.retransmits).toBeGreaterThan(0);
      expect([transport?.roundTripUs, transport?.congestionWindow]).toEqual([null, null]);
    }
  });
});

describeE2e('what TLS agreed on', () => {
  it.each([
    ['--tlsv1.3', '1.3', /^TLS_AES_\d+_GCM_SHA\d+$/],
    ['--tls-max 1.2', '1.2', /^TLS_ECDHE_\w+$/],
  ])('is told by both ends with %s', async (options, version, cipher) => {
    const { port } = await startServer(node, [echo, 'server', certificate.cert, certificate.key]);
    const args = ['-sk', ...options.split(' '), '-d', 'x', '-o', '/dev/null', `https://127.0.0.1:${port}/`];
    const { exchanges } = await recordCommand(['curl', ...args]);
    const served = await recordDuring(['--port', String(port)], async () => {
      await run('curl', args);
    });
    for (const { handshake } of [...connectionsOf(exchanges), ...connectionsOf(served.exchanges)]) {
      expect(handshake?.version).toBe(version);
      expect(handshake?.cipher).toMatch(cipher);
      expect(handshake?.offered).toEqual(['h2', 'http/1.1']);
      expect(handshake?.agreed).toBe('http/1.1');
      expect(handshake?.tookUs).toBeGreaterThan(0);
      expect(handshake?.tookUs).toBeLessThan(60_000_000);
    }
    expect(exchanges.length + served.exchanges.length).toBe(2);
  });
});

describeE2e('who speaks', () => {
  const secrets = { option: 'OPTIONpw4711x', mysql: 'MYSQLpw4711x', url: 'URLpw4711x', variable: 'VARpw4711x' };

  it('is told by program, command line and user, without the secrets of its words', async () => {
    const { port } = await plainServer();
    const url = `http://127.0.0.1:${port}/?n=1`;
    const words = [
      `--password=${secrets.option}`,
      '--token',
      secrets.variable,
      `postgres://app:${secrets.url}@db/x`,
      'mysql',
      `-p${secrets.mysql}`,
    ];
    const recording = await startRecording(folder.file('who.tape'), ['--comm', 'node']);
    // Of one that has ended before the recorder comes to ask there is no more than its user: so it goes on until its input ends.
    const asking = `fetch(${JSON.stringify(url)}).then((a) => a.text()); process.stdin.resume()`;
    const asker = start(node, ['-e', asking, '--', ...words], { stdio: ['pipe', 'ignore', 'pipe'] });
    // Other programs of that name may speak meanwhile.
    const outbound = async () =>
      connectionsOf(await readTape(recording.tape)).filter(({ direction, remote }) => {
        return direction === 'outbound' && remote?.endsWith(`:${port}`) === true;
      });
    while ((await outbound()).length === 0) await pause(20);
    asker.child.stdin?.end();
    expect(await asker.ended).toBe(0);
    expect(await recording.end()).toBe(0);
    const stored = await readTape(recording.tape);
    const [client] = await outbound();
    expect(client?.process?.executable).toBe(process.execPath);
    expect(client?.process?.command).toContain('--password=');
    expect(client?.process?.user).toEqual({ id: process.getuid?.(), name: userInfo().username });
    const everything = readFileSync(recording.tape, 'latin1') + JSON.stringify(stored) + recording.program.stderr();
    for (const secret of Object.values(secrets)) expect(everything).not.toContain(secret);
  });

  it('can be filtered by', async () => {
    const { port } = await plainServer();
    const recording = await startRecording(folder.file('filter.tape'), ['--port', String(port)]);
    await run('curl', ['-s', '-o', '/dev/null', `http://127.0.0.1:${port}/`]);
    expect(await recording.end()).toBe(0);
    const reader = openTapeReader(recording.tape);
    const found = async (pattern: string) => {
      const include = [parseFilterPattern(pattern)];
      return (await Array.fromAsync(reader.summaries({ include }))).length;
    };
    const { username, uid } = userInfo();
    expect(await found(`executable=${process.execPath} user=${username}`)).toBe(1);
    expect(await found(`GET **/ user=${uid}`)).toBe(1);
    expect(await found('process=nobody')).toBe(0);
    expect(await found(`POST **/ user=${uid}`)).toBe(0);
    await reader.close();
  });
});

/** A DNS server of one name, by UDP and TCP on port 53 of an address of its own. */
async function nameServer(address: string, host: string, to: readonly number[]) {
  const answer = (question: Buffer) => {
    const isV4 = question.includes(Buffer.from([0, 0, 1, 0, 1]));
    const records = isV4 ? [{ owner: host, kind: 'A' as const, data: to }] : [];
    const message = dnsResponse({ asked: host, kind: isV4 ? 'A' : 'AAAA', records });
    question.copy(message, 0, 0, 2);
    return message;
  };
  const udp = dgram.createSocket('udp4');
  udp.on('message', (question, { address: from, port }) => udp.send(answer(question), port, from));
  udp.bind(53, address);
  const tcp = net.createServer((socket) => {
    socket.on('data', (framed) => {
      const message = answer(framed.subarray(2));
      socket.write(Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]));
    });
  });
  tcp.listen(53, address);
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
  return () => {
    udp.close();
    tcp.close();
  };
}

describeE2e('the name of a peer', () => {
  const server = '127.0.53.53';
  const host = 'orders.wiretape.test';
  let stop = () => {};
  beforeAll(async () => {
    stop = await nameServer(server, host, [127, 0, 0, 1]);
  });
  afterAll(() => stop());

  const ask = (port: number) => `
const { Resolver } = require('node:dns').promises;
const resolver = new Resolver(); resolver.setServers(['${server}']);
resolver.resolve4('${host}').then(([address]) => fetch('http://' + address + ':${port}/')).then((answer) => answer.text());`;

  /** An unconnected socket, as the resolver of musl has; or TCP. */
  const byHand = (port: number, how: 'unconnected' | 'tcp') => `
import socket, urllib.request
def name(text): return b''.join(bytes([len(part)]) + part.encode() for part in text.split('.')) + b'\\0'
question = b'\\x12\\x34\\x01\\0\\0\\x01\\0\\0\\0\\0\\0\\0' + name('${host}') + b'\\0\\x01\\0\\x01'
if '${how}' == 'tcp':
    asking = socket.create_connection(('${server}', 53))
    asking.sendall(len(question).to_bytes(2, 'big') + question); answer = asking.recv(4096)
else:
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asking.sendto(question, ('${server}', 53)); answer, where = asking.recvfrom(4096)
address = '.'.join(str(byte) for byte in answer[-4:])
urllib.request.urlopen('http://' + address + ':${port}/').read()`;

  it.each(workingTiers())('is what its process asked a DNS server for, by tier %s', async (tier) => {
    const { port } = await plainServer();
    const asking = [
      [node, '-e', ask(port)],
      ['python3', '-c', byHand(port, 'unconnected')],
      ['python3', '-c', byHand(port, 'tcp')],
    ];
    for (const command of asking) {
      const { exchanges } = await recordCommand(command, ['--tier', tier]);
      const asked = exchanges.filter(({ exchange }) => exchange.protocol === 'http1');
      expect(connectionsOf(asked).map(({ hostName }) => hostName)).toEqual([{ name: host, source: 'dns' }]);
    }
  });

  it('is not there where nobody was asked', async () => {
    const { port } = await plainServer();
    const { exchanges } = await recordCommand(nodeAsks(`http://127.0.0.1:${port}/`));
    expect(exchanges.map(({ exchange }) => httpIn(exchange).response?.status)).toEqual([200]);
    expect(connectionsOf(exchanges)[0]).not.toHaveProperty('hostName');
  });
});

/** In a network and with a hosts file of its own, which nobody else sees. */
const ownHosts = `set -e
ip link set lo up
ip addr add 10.77.0.2/24 dev lo
ip addr add 10.77.0.3/24 dev lo
printf '127.0.0.1 localhost\\n10.77.0.2 orders.wiretape.test orders\\n10.77.0.3 one.test two.test\\n' > "$1"
mount --bind "$1" /etc/hosts
exec python3 -c "$2"
`;

/** Serves, and asks once it is told whom; stays until its input ends. */
const askingServer = `
import sys, threading, urllib.request
from http.server import HTTPServer, BaseHTTPRequestHandler
class Answer(BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(204); self.end_headers()
    def log_message(self, *words): pass
server = HTTPServer(('0.0.0.0', 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
print('listening', server.server_port, flush=True)
for host in sys.stdin.readline().split():
    urllib.request.urlopen('http://%s:%d/' % (host, server.server_port)).read()
print('asked', flush=True)
sys.stdin.read()
`;

describeE2e('the name of a peer in a hosts file', () => {
  it('is that of the file its process sees, where that has one name for the address', async () => {
    const script = folder.write('hosts.sh', ownHosts);
    const words = ['-n', '-m', 'sh', script, folder.file('hosts'), askingServer];
    const program = start('unshare', words, { stdio: ['pipe', 'pipe', 'pipe'] });
    await lineFrom(program, program.child.stdout, /^listening/);
    const { exchanges } = await recordDuring(['--pid', String(program.pid)], async () => {
      program.child.stdin?.write('orders 10.77.0.2 two.test 127.0.0.1\n');
      await lineFrom(program, program.child.stdout, /^asked/);
    });
    const calls = connectionsOf(exchanges).filter(({ direction }) => direction === 'outbound');
    const orders = { name: 'orders.wiretape.test', source: 'hosts' };
    expect(calls.map(({ remote, hostName }) => [remote?.replace(/:\d+$/, ''), hostName ?? null])).toEqual([
      ['10.77.0.2', orders],
      ['10.77.0.2', orders],
      ['10.77.0.3', null],
      ['127.0.0.1', null],
    ]);
  }, 60_000);
});

/** In a network of its own, where nobody else is redirected. */
const redirected = `set -e
ip link set lo up
ip addr add 10.77.0.2/24 dev lo
iptables -t nat -A OUTPUT -p tcp -d 10.77.0.1 --dport 80 -j REDIRECT --to-ports 18080
python3 -m http.server 18080 --bind 127.0.0.1 >/dev/null 2>&1 &
server=$!
curl -sS -o /dev/null --retry 60 --retry-all-errors --retry-delay 1 http://10.77.0.1/
kill $server
`;

/** Why nothing can be redirected here; null where it can. */
function noRedirect(): string | null {
  const tried = spawnSync('unshare', ['-n', 'iptables', '-t', 'nat', '-L'], { encoding: 'utf8' });
  return tried.status === 0 ? null : (tried.error?.message ?? tried.stderr.trim());
}

describeE2e('an address that NAT rewrites on the way', () => {
  const obstacleHere = noRedirect();
  const name = 'is the one that was meant for its client, and that of the proxy for the proxy';
  (obstacleHere === null ? it : it.skip)(
    obstacleHere === null ? name : `${name} [no NAT here: ${obstacleHere}]`,
    async () => {
      const { exchanges } = await recordCommand(['unshare', '-n', 'sh', folder.write('nat.sh', redirected)]);
      const answered = exchanges.filter(({ exchange }) => httpIn(exchange).response?.status === 200);
      const ends = connectionsOf(answered).map(({ direction, local, remote }) =>
        direction === 'inbound' ? [direction, local] : [direction, remote],
      );
      expect(ends.toSorted()).toEqual([
        ['inbound', '127.0.0.1:18080'],
        ['outbound', '10.77.0.1:80'],
      ]);
    },
  );
});
