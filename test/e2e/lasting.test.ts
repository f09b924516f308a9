/** What lasts is on the tape while it lasts: an event stream is seen, grows, and ends, without the recording ending. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Exchange } from '../../tape/model/exchange';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, lineFrom, run, seededBytes, start, startServer, stopAll, temporaryFolder } from '../support/programs';
import { bodyHash, type Recorded, readTape, recordDuring, sha256, startRecording } from '../support/recorder';

const node = process.execPath;
const folder = temporaryFolder();

afterEach(stopAll);
afterAll(() => folder.remove());

/** An event stream that says each line of stdin, and ends with it. */
const server = `const http = require('node:http');
const input = require('node:readline').createInterface({ input: process.stdin });
http.createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  console.log('asked');
  input.on('line', (line) => response.write('data: ' + line + '\\n\\n')).on('close', () => response.end());
}).listen(0, '127.0.0.1', function () { console.log('listening ' + this.address().port); });`;

async function until(tape: string, fits: (exchange: Exchange) => boolean): Promise<Exchange> {
  for (;;) {
    const found = (await readTape(tape)).find(({ exchange }) => fits(exchange));
    if (found !== undefined) return found.exchange;
    await pause(50);
  }
}

const bodyText = (exchange: Exchange) => Buffer.from(httpIn(exchange).response?.body.bytes ?? []).toString();

describeE2e('an event stream', () => {
  it('is on the tape as open while it lasts, grows, and is whole at its end', async () => {
    const service = start(node, ['-e', server], { stdio: 'pipe' });
    const [, port] = await lineFrom(service, service.child.stdout, /^listening (\d+)$/);
    const recording = await startRecording(folder.file('lasting.tape'), ['--port', port ?? '']);
    const asked = lineFrom(service, service.child.stdout, /^asked$/);
    start('curl', ['-sN', `http://127.0.0.1:${port}/events`]);
    await asked;
    service.child.stdin?.write('one\n');
    const first = await until(recording.tape, (exchange) => bodyText(exchange) !== '');
    expect({ text: bodyText(first), problems: first.problems }).toEqual({
      text: 'data: one\n\n',
      problems: ['still-open'],
    });
    service.child.stdin?.write('two\n');
    const second = await until(recording.tape, (exchange) => bodyText(exchange).includes('two'));
    expect(second).toMatchObject({ number: first.number, outcome: 'open' });
    service.child.stdin?.end();
    const last = await until(recording.tape, ({ outcome }) => outcome === 'response');
    expect({ text: bodyText(last), problems: last.problems }).toEqual({
      text: 'data: one\n\ndata: two\n\n',
      problems: [],
    });
    expect(await readTape(recording.tape)).toHaveLength(1);
    await recording.end();
  });

  it('stays on the tape as open where the recorder is killed', async () => {
    const service = start(node, ['-e', server], { stdio: 'pipe' });
    const [, port] = await lineFrom(service, service.child.stdout, /^listening (\d+)$/);
    const recording = await startRecording(folder.file('killed.tape'), ['--port', port ?? '']);
    const asked = lineFrom(service, service.child.stdout, /^asked$/);
    start('curl', ['-sN', `http://127.0.0.1:${port}/events`]);
    await asked;
    service.child.stdin?.write('one\n');
    await until(recording.tape, ({ outcome }) => outcome === 'open');
    await recording.program.stop('SIGKILL');
    expect((await readTape(recording.tape)).map(({ exchange }) => [exchange.outcome, exchange.problems])).toEqual([
      ['open', ['still-open']],
    ]);
  });
});

describeE2e('a long body', () => {
  it('is whole on the tape, up to what --max-body allows', async () => {
    const size = 15 << 20; // a call may send all of it, and of one call 16 MiB are kept
    const service = await startServer(node, [join(apps, 'echo/node.js'), 'server']);
    const body = folder.write('long', seededBytes(size, 7));
    const upload = (...options: string[]) =>
      recordDuring(['--port', String(service.port), ...options], () =>
        run('curl', [
          '-sS',
          '-o',
          '/dev/null',
          '-H',
          'Expect:',
          '-H',
          'Content-Type: application/octet-stream',
          '--data-binary',
          `@${body}`,
          `http://127.0.0.1:${service.port}/long`,
        ]),
      );
    const facts = ({ exchanges }: Recorded) =>
      exchanges.map(({ exchange }) => {
        const messages = [httpIn(exchange).request, httpIn(exchange).response];
        return {
          problems: exchange.problems,
          bodies: messages.map((message) => [message?.body.wireSize, message?.body.bytes.length]),
          hashes: messages.map((message) => bodyHash(message?.body)),
        };
      });
    const hash = sha256(seededBytes(size, 7));
    expect(facts(await upload())).toMatchObject([
      {
        problems: [],
        bodies: [
          [size, size],
          [size, size],
        ],
        hashes: [hash, hash],
      },
    ]);
    const cut = [size, 1 << 20];
    expect(facts(await upload('--max-body', '1MiB'))).toMatchObject([{ problems: ['truncated'], bodies: [cut, cut] }]);
  });
});
