/** gRPC between a server and a client of grpc-js, over plaintext and TLS: every message by SHA-256 at both ends, no password. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBody } from '../../tape/body/coding';
import type { Message } from '../../tape/model/message';
import { operationOf } from '../../tape/model/registry';
import { openReader } from '../../tape/store/registry';
import type { StoredExchange } from '../../tape/store/tape';
import { describeE2e } from '../support/e2e';
import { apps, type Certificate, makeCertificate, start, stopAll, temporaryFolder } from '../support/programs';
import { shopSet } from '../support/proto';
import { environment, sha256, wiretape } from '../support/recorder';

const talker = join(apps, 'grpc/talker.js');
const folder = temporaryFolder();
/** No pattern knows it; the name of its field does. */
const password = 'correct horse battery';
let certificate: Certificate;

beforeAll(() => {
  certificate = makeCertificate(folder.path);
});
afterEach(stopAll);
afterAll(() => folder.remove());

type Said = Readonly<Record<string, { readonly sent: readonly string[]; readonly received: readonly string[] }>>;

async function record(how: string): Promise<{ exchanges: readonly StoredExchange[]; said: Said; tape: string }> {
  const [tape, file, set] = [`${how}.tape`, `${how}.json`, 'shop.binpb'].map((name) => folder.file(name)) as [
    string,
    string,
    string,
  ];
  folder.write('shop.binpb', Buffer.from(shopSet));
  const command = [process.execPath, talker, how, file, certificate.cert, certificate.key];
  const program = start(wiretape, ['record', '-o', tape, '--proto-set', set, '--', ...command], {
    env: { ...environment, TALKER_PASSWORD: password },
  });
  program.child.stdout?.resume();
  expect([await program.ended, program.stderr()]).toEqual([0, expect.stringMatching(/^ {2}missing {4}nothing$/m)]);
  const reader = await openReader(tape);
  try {
    return {
      exchanges: await Array.fromAsync(reader.exchanges()),
      said: JSON.parse(readFileSync(file, 'utf8')) as Said,
      tape,
    };
  } finally {
    await reader.close();
  }
}

const hashes = (messages: readonly Message[], from: Message['from']) =>
  messages.filter((message) => message.from === from).map(({ body }) => sha256(decodeBody(body).bytes));

describeE2e('calls', () => {
  it.each(['plain', 'tls'])('are on the tape message by message, at both ends: %s', async (how) => {
    const { exchanges, said, tape } = await record(how);
    for (const direction of ['inbound', 'outbound']) {
      const end = exchanges.filter(({ exchange }) => exchange.connection.direction === direction);
      const lines = end.map(({ exchange }) => {
        const { application, target, result } = operationOf(exchange);
        return `${application} ${target} ${result} ${exchange.problems.join(' ')}`;
      });
      expect(lines.toSorted()).toEqual([
        'gRPC /shop.v1.Shop/Chat OK ',
        'gRPC /shop.v1.Shop/Login UNAUTHENTICATED ',
        'gRPC /shop.v1.Shop/Upload OK ',
        'gRPC /shop.v1.Shop/Watch OK ',
      ]);
      for (const { exchange, redacted } of end) {
        const { target } = operationOf(exchange);
        const { sent, received } = said[target ?? ''] ?? { sent: [], received: [] };
        if (target?.endsWith('Login') === true) {
          expect(redacted.map(({ path }) => path)).toEqual(['message[0].body.password']);
          expect(exchange.messages[0]?.body.schema?.name).toBe('shop.v1.LoginRequest');
          continue;
        }
        expect([target, hashes(exchange.messages, 'client')]).toEqual([target, sent]);
        expect([target, hashes(exchange.messages, 'server')]).toEqual([target, received]);
      }
    }
    expect(readFileSync(tape).includes(password)).toBe(false);
  });
});

describeE2e('a server that tells of itself', () => {
  it('names the fields of its messages on the tape, without any option', async () => {
    const [tape, set] = [folder.file('telling.tape'), folder.write('telling.binpb', Buffer.from(shopSet))];
    const command = [process.execPath, join(apps, 'grpc/telling.js'), set];
    const program = start(wiretape, ['record', '-o', tape, '--', ...command], { env: environment });
    program.child.stdout?.resume();
    const said = /^ {2}described {2}2 files that servers told by reflection name the fields of messages$/m;
    expect([await program.ended, program.stderr()]).toEqual([0, expect.stringMatching(said)]);
    const reader = await openReader(tape);
    const exchanges = await Array.fromAsync(reader.exchanges());
    await reader.close();
    const uploads = exchanges.filter(({ exchange }) => operationOf(exchange).target === '/shop.v1.Shop/Upload');
    expect(uploads.map(({ exchange }) => exchange.messages[0]?.body.schema?.name)).toEqual([
      'shop.v1.Item',
      'shop.v1.Item',
    ]);
  });
});
