/**
 * Libraries of services against their own mocks (../shared/cases/replay/lab/libs.mjs): axios, got, undici, Stripe, Octokit, AWS
 * and others, recorded against a real upstream, and run again while only mocks answer, in the same order and in another.
 */
import { createHash, randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../replayer/launch/free-port';
import { isListening } from '../../replayer/launch/readiness';
import { describeE2e } from '../support/e2e';
import { apps, lineFrom, repository, start, stopAll, temporaryFolder } from '../support/programs';
import { type Listening, listen } from '../support/recorded-http';
import { environment, outputOf, wiretape } from '../support/recorder';

const lab = join(repository, '../shared/cases/replay/lab');
const isThere = existsSync(lab);
const modules = join(repository, 'build/clients/node_modules');
const folder = temporaryFolder();
const client = folder.file('libs.mjs');

afterEach(stopAll);
afterAll(() => folder.remove());

jest.setTimeout(180_000);

/** What each step printed. */
async function steps(command: string, args: readonly string[], UP: string, more: NodeJS.ProcessEnv = {}) {
  const program = start(command, args, { env: { ...environment, ...more, UP }, cwd: folder.path });
  const { stdout } = await outputOf(program);
  const lines = stdout.split('\n').filter((line) => line.includes('\t'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)] as const));
}

const describeLab = isThere
  ? describeE2e
  : (name: string) => describe.skip(`${name} [needs ../shared/cases]`, () => it('is there', () => undefined));

/** SQS, as far as the SDK looks: a message that is given holds a secret, and an address of the upstream. */
async function listenAsSqs(): Promise<Listening> {
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  const taken = ({ Id, MessageBody }: { readonly Id?: string; readonly MessageBody: string }) => {
    return { Id, MessageId: randomUUID(), MD5OfMessageBody: md5(MessageBody) };
  };
  const server = await listen((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const asked = JSON.parse(Buffer.concat(parts).toString());
      const given = JSON.stringify({ token: 'k3J9xQ2mV7bT5wZ8k3J9xQ2m', next: `http://${request.headers.host}/next` });
      const received = { MessageId: 'm1', ReceiptHandle: 'AQEBx', Body: given, MD5OfBody: md5(given) };
      const operation = String(request.headers['x-amz-target']).split('.')[1];
      const answers = {
        SendMessage: () => taken(asked),
        SendMessageBatch: () => ({ Successful: asked.Entries.map(taken), Failed: [] }),
        ReceiveMessage: () => ({ Messages: [received] }),
      };
      response.setHeader('Content-Type', 'application/x-amz-json-1.0');
      response.end(JSON.stringify(answers[operation as keyof typeof answers]()));
    });
  });
  return server;
}

describeE2e('the SDK of AWS', () => {
  it('takes from a mock of SQS the digests of messages that are others than were recorded', async () => {
    const sqs = folder.file('sqs.mjs');
    copyFileSync(join(apps, 'clients/sqs.mjs'), sqs);
    if (!existsSync(folder.file('node_modules'))) symlinkSync(modules, folder.file('node_modules'));
    const upstream = await listenAsSqs();
    const tape = folder.file('sqs.tape');
    const first = await steps(wiretape, ['record', '-o', tape, '--', process.execPath, sqs], upstream.url);
    await upstream.close();
    expect([...first]).toEqual([
      ['send', 'string'],
      ['batch', '2'],
      ['receive', 'token,next'],
    ]);
    const mock = start(wiretape, ['mock', tape], { env: environment });
    const own = new RegExp(`^listening (http://127\\.0\\.0\\.1:\\d+) 127\\.0\\.0\\.1:${new URL(upstream.url).port}$`);
    const [, mocked = ''] = await lineFrom(mock, mock.child.stdout, own);
    expect(await steps(process.execPath, [sqs], mocked)).toEqual(first);
    expect(await mock.stop('SIGINT')).toBe(0);
  });
});

describeLab('libraries of services', () => {
  it('get from mocks what they got, in whatever order they ask', async () => {
    copyFileSync(join(lab, 'libs.mjs'), client);
    if (!existsSync(folder.file('node_modules'))) symlinkSync(modules, folder.file('node_modules'));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const env = { ...process.env, PORT: String(port), LAB: folder.path };
    const upstream = start(process.execPath, [join(lab, 'libup.js')], { env });
    while (!(await isListening(new URL(url)))) if (upstream.child.exitCode !== null) throw new Error(upstream.stderr());
    const tape = folder.file('libs.tape');
    const first = await steps(wiretape, ['record', '-o', tape, '--', process.execPath, client], url);
    await upstream.stop();
    expect(first.size).toBeGreaterThan(30);
    for (const order of [{}, { SHUF: '1' }]) {
      const mock = start(wiretape, ['mock', tape], { env: environment });
      const own = new RegExp(`^listening (http://127\\.0\\.0\\.1:\\d+) 127\\.0\\.0\\.1:${port}$`);
      const [, mocked = ''] = await lineFrom(mock, mock.child.stdout, own);
      const again = await steps(process.execPath, [client], mocked, order);
      expect(await mock.stop('SIGINT')).toBe(0);
      const different = [...first].filter(([name, text]) => again.get(name) !== text).map(([name]) => name);
      expect(different).toEqual([]);
      expect(mock.stderr()).not.toMatch(/MOCK_MISS|x-amz-content-sha256/);
    }
  });
});
