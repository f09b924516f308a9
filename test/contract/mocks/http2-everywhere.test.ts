/** Mocks recorded over HTTP/2 wherever mocks are served: the library, `mock`, `test` and a generated suite, from one tape. */
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startMocks } from '../../../index';
import { always, createAuthority } from '../../../replayer/mocks/front/certificates';
import type { StoredExchange } from '../../../tape/store/tape';
import { runWiretape, withoutSettings } from '../../support/command';
import { openHttp2 } from '../../support/http2-client';
import { type CallSketch, calls } from '../../support/mocks';
import { temporaryFolder } from '../../support/programs';
import { startWiretape } from '../../support/running';
import { root } from '../../support/source-tree';
import { writeTape } from '../../support/tape-file';

// whole processes are started, on machines that may have two busy cores
jest.setTimeout(60_000);

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** A service whose one dependency speaks HTTP/2 from the first byte, and nothing else. */
const service = `
const { connect } = require('node:http2');
require('node:http').createServer((request, response) => {
  const session = connect(process.env.PAYMENTS_URL);
  session.on('error', (error) => response.writeHead(500).end(error.message));
  const call = session.request({ ':path': '/rates', te: 'trailers' });
  let text = '', status = '';
  call.setEncoding('utf8').on('data', (more) => { text += more; });
  call.on('trailers', (trailers) => { status = trailers['x-status']; });
  response.sendDate = false;
  call.on('end', () => { session.close(); response.writeHead(200, { 'Content-Type': 'text/plain' }).end(text + ' ' + status); });
}).listen(process.env.PORT, '127.0.0.1');
`;

const rates: CallSketch = {
  target: '/rates',
  version: '2',
  responseHeaders: [['content-type', 'text/plain']],
  responseBody: 'one to one',
  responseTrailers: [['x-status', '0']],
};
const order: CallSketch = {
  direction: 'inbound',
  host: 'shop.test',
  target: '/orders',
  responseHeaders: [['Content-Type', 'text/plain']],
  responseBody: 'one to one 0',
};

let tapes = 0;

function written(...sketches: readonly CallSketch[]): string {
  const stored: readonly StoredExchange[] = calls(...sketches);
  const tape = folder.file(`${tapes++}.tape`);
  writeTape(tape, stored);
  return tape;
}

const serviceFile = folder.write('service.js', service);

it('startMocks serves them', async () => {
  const mocks = await startMocks(written(order, rates));
  const client = openHttp2(mocks.urlOf('payments:8080'));
  const seen = await client.ask({ ':path': '/rates' });
  client.session.destroy();
  await mocks.close();
  expect(seen).toMatchObject({ status: 200, text: 'one to one', trailers: ['x-status', '0'] });
});

it('wiretape test leads a build to them', async () => {
  const env = ['--env', 'PORT={port}', '--env', 'PAYMENTS_URL={mock:payments:8080}'];
  const run = await runWiretape(['test', written(order, rates), ...env, '--', process.execPath, serviceFile], {
    cwd: folder.path,
  });
  expect(run).toMatchObject({ status: 0, stdout: expect.stringMatching(/1 passed/) });
  expect(run.stderr).not.toContain('unused');
});

it('a generated suite brings them along', async () => {
  const project = join(folder.path, 'project');
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  symlinkSync(root, join(project, 'node_modules/wiretape'));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'shop' }));
  const env = ['--env', 'PORT={port}', '--env', 'PAYMENTS_URL={mock:payments:8080}'];
  const args = ['generate', written(order, rates), '--to', 'jest', '--out', 'test', ...env];
  expect(await runWiretape([...args, '--', process.execPath, serviceFile], { cwd: project })).toMatchObject({
    status: 0,
  });
  const { NODE_ENV: _, ...inherited } = withoutSettings(process.env);
  const run = await promisify(execFile)(process.execPath, [join(root, 'node_modules/jest/bin/jest.js')], {
    cwd: project,
    env: { ...inherited, NO_COLOR: '1' },
  });
  expect(run.stderr).toMatch(/Tests: +2 passed, 2 total/);
});

it('wiretape mock passes a miss on to a TLS upstream that speaks nothing but HTTP/2', async () => {
  const authority = createAuthority({ valid: always });
  const upstream = createSecureServer({ SNICallback: (_, done) => done(null, authority.contextFor('localhost')) });
  upstream.on('stream', (stream, headers) => {
    stream.respond({ ':status': 200, 'x-version': stream.session?.alpnProtocol ?? '' });
    stream.end(`real ${headers[':path']}`);
  });
  await new Promise<void>((done) => upstream.listen(0, '127.0.0.1', done));
  const host = `localhost:${(upstream.address() as AddressInfo).port}`;
  const tape = written({ target: '/old', host, tls: true });
  const ca = folder.write('upstream-ca.pem', authority.certificate);
  const command = startWiretape(['mock', tape, '--on-miss', 'passthrough'], {
    cwd: folder.path,
    env: { NODE_EXTRA_CA_CERTS: ca },
  });
  const lines = await command.printed((stdout) => stdout.includes(` ${host}\n`));
  const client = openHttp2(/^listening (\S+)$/m.exec(lines)?.[1] ?? '');
  const seen = await client.ask({ ':path': '/new', ':authority': host, ':scheme': 'https' });
  client.session.destroy();
  command.signal('SIGTERM');
  await command.ended;
  upstream.close();
  expect([seen.status, seen.text, seen.fields]).toEqual([
    200,
    'real /new',
    expect.arrayContaining(['x-version', 'h2']),
  ]);
});
