/** `mock --raw-mocks` and `test --raw-mocks` as processes, over real sockets. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runWiretape } from '../../support/command';
import { storedExchanges } from '../../support/exchanges';
import { calls } from '../../support/mocks';
import { rawStream } from '../../support/raw-streams';
import { startWiretape } from '../../support/running';
import { writeTape } from '../../support/tape-file';

// whole processes are started, on machines that may have two busy cores
jest.setTimeout(60_000);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-raw-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const store = () => rawStream(1, ['> PING\r\n', '< +PONG\r\n', '> GET a\r\n', '< $1\r\n7\r\n']);

/** Says one thing after another, each after an answer; everything the server said until the connection was over. */
function converse(port: number, said: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const left = [...said];
    const socket = connect(port, '127.0.0.1', () => socket.write(left.shift() ?? ''));
    socket.on('data', (bytes) => {
      heard += bytes.toString();
      const next = left.shift();
      if (next === undefined) socket.end();
      else socket.write(next);
    });
    socket.on('close', () => resolve(heard));
    socket.on('error', reject);
  });
}

async function mock(...args: readonly string[]) {
  writeTape(join(folder, 'shop.tape'), [store(), ...calls({ target: '/rates' })]);
  const command = startWiretape(['mock', 'shop.tape', ...args], { cwd: folder });
  const lines = await command.printed((stdout) => stdout.includes('payments:8080') && stdout.endsWith('\n'));
  const port = Number(
    /^listening tcp:\/\/127\.0\.0\.1:(\d+) 10\.0\.0\.9:5432 \(raw, by exact bytes\)$/m.exec(lines)?.[1],
  );
  return { command, lines, port };
}

it('plays a recorded stream on a port of its own', async () => {
  const { command, port } = await mock('--raw-mocks');
  expect(await converse(port, ['PING\r\n', 'GET a\r\n'])).toBe('+PONG\r\n$1\r\n7\r\n');
  command.signal('SIGTERM');
  const { status, stderr } = await command.ended;
  expect(stderr).toContain('played 1 raw connection, 0 misses; 1 of 1 recorded stream asked for');
  expect(status).toBe(0);
});

it('ends a connection that says something else, names the byte, and fails', async () => {
  const { command, port } = await mock('--raw-mocks');
  expect(await converse(port, ['PING\r\n', 'GET b\r\n'])).toBe('+PONG\r\n');
  command.signal('SIGTERM');
  const { status, stderr } = await command.ended;
  expect(stderr).toContain(
    'miss      10.0.0.9:5432 (raw, by exact bytes): turn 3 of exchange 1 differs at byte 4: recorded 0x61, got 0x62\n',
  );
  expect(status).toBe(1);
});

it('plays none unless it is asked to', async () => {
  const { command, lines } = await mock();
  expect(lines).not.toContain('raw');
  command.signal('SIGTERM');
  await command.ended;
});

it.each([
  ['a', 0],
  ['b', 1],
])('leads a build under test to it: GET %s', async (key, expected) => {
  const asked = storedExchanges({ target: '/value', responseBody: '$1\r\n7\r\n' });
  writeTape(join(folder, 'shop.tape'), [...asked, { ...store(), exchange: { ...store().exchange, number: 2 } }]);
  writeFileSync(
    join(folder, 'build.js'),
    `const { connect } = require('node:net');
     const [host, port] = process.env.STORE.split(':');
     require('node:http').createServer((_, response) => {
       response.sendDate = false;
       const store = connect(Number(port), host, () => store.write('PING\\r\\n'));
       let turn = 0;
       store.on('data', (bytes) => (turn++ === 0 ? store.write('GET ${key}\\r\\n') : (store.end(), response.end(bytes))));
       store.on('close', () => response.writableEnded || response.end('gone'));
     }).listen(Number(process.env.PORT), '127.0.0.1');`,
  );
  const settings = ['--env', 'STORE={mock:10.0.0.9:5432}', '--env', 'PORT={port}'];
  const { status, stderr } = await runWiretape(
    ['test', 'shop.tape', '--raw-mocks', ...settings, '--', process.execPath, 'build.js'],
    { cwd: folder },
  );
  expect([status, stderr.includes('differs at byte 4')]).toEqual([expected, expected === 1]);
});
