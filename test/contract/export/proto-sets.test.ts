/** `--proto-set` of import and export: messages of protobuf have names beside their bytes, and the tape keeps what names them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openReader } from '../../../tape/store/registry';
import { type CommandResult, runWiretape } from '../../support/command';
import { encode, shopSet } from '../../support/proto';
import { envelope } from '../../support/rpc';
import { storedOf, writeTape } from '../../support/tape-file';
import { bodyOf, connectionOf, exchangeOf, requestOf, responseOf } from '../../support/tapes';

let cwd: string;
const proto = [['content-type', 'application/proto']] as const;
const item = encode('shop.v1.Item', { sku: 'TEA', count: 2 });
const order = encode('shop.v1.Order', { id: '9007199254740993', note: 'by hand' });
const login = encode('shop.v1.LoginRequest', { user: 'ada', password: 'correct horse battery' });

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'wiretape-sets-'));
  writeFileSync(join(cwd, 'shop.binpb'), shopSet);
  const connection = connectionOf({ direction: 'inbound' });
  const upload = exchangeOf({
    number: 1,
    connection,
    request: requestOf({
      method: 'POST',
      target: '/shop.v1.Shop/Upload',
      headers: [['Host', 'shop.test'], ...proto],
      body: bodyOf(item),
    }),
    response: responseOf({ headers: proto, body: bodyOf(order) }),
  });
  const grpcWeb = [['content-type', 'application/grpc-web+proto']] as const;
  const entry = exchangeOf({
    number: 2,
    connection,
    request: requestOf({
      method: 'POST',
      target: '/shop.v1.Shop/Login',
      headers: [['Host', 'shop.test'], ...grpcWeb],
      body: bodyOf(envelope(login)),
    }),
    response: responseOf({ headers: grpcWeb, body: bodyOf(envelope('grpc-status: 16\r\n', 0x80)) }),
  });
  writeTape(join(cwd, 'shop.tape'), [storedOf(upload), storedOf(entry)]);
});
afterAll(() => rmSync(cwd, { recursive: true }));

const wiretape = (...args: readonly string[]): Promise<CommandResult> => runWiretape(args, { cwd });
const exportAs = (format: string, ...more: readonly string[]) =>
  wiretape('export', 'shop.tape', '--to', format, '--proto-set', 'shop.binpb', ...more);

describe('export', () => {
  it('writes messages into a HAR as JSON, beside the bytes that come back', async () => {
    const { stdout } = await exportAs('har');
    const [upload, entry] = JSON.parse(stdout).log.entries;
    expect(upload.request.postData.text).toBe(Buffer.from(item).toString('utf8'));
    expect(upload.request.postData._messages).toEqual({ sku: 'TEA', count: 2 });
    expect(upload.response.content._messages).toEqual({ id: '9007199254740993', note: 'by hand' });
    expect(entry.request.postData._messages).toEqual([{ user: 'ada', password: 'correct horse battery' }]);
    expect(entry.response.content._messages).toEqual([{ trailers: { 'grpc-status': '16' } }]);
  });

  it.each(['curl', 'k6', 'hurl'])('says for %s in a comment what is sent', async (format) => {
    const { stdout } = await exportAs(format);
    expect(stdout).toMatch(/^ *(?:#|\/\/) says \{"sku":"TEA","count":2\}$/m);
    expect(stdout).toMatch(/^ *(?:#|\/\/) says \[\{"user":"ada","password":"correct horse battery"\}\]$/m);
  });

  it('has them in the metadata of mappings', async () => {
    const { stdout } = await exportAs('wiremock', '--direction', 'inbound');
    expect(JSON.parse(stdout).mappings[0].metadata.wiretape.messages).toEqual({
      request: { sku: 'TEA', count: 2 },
      response: { id: '9007199254740993', note: 'by hand' },
    });
  });

  it('has numbers where nothing names the fields', async () => {
    const { stdout } = await wiretape('export', 'shop.tape', '--to', 'curl');
    expect(stdout).toContain('# says {"1":"TEA","2":2}\n');
  });
});

it('import keeps the set on the tape, and redacts by it', async () => {
  const { stdout } = await wiretape('export', 'shop.tape', '--to', 'har');
  writeFileSync(join(cwd, 'shop.har'), stdout);
  const { status } = await wiretape('import', 'shop.har', '-o', 'again.tape', '--proto-set', 'shop.binpb');
  expect(status).toBe(0);
  expect((await wiretape('export', 'again.tape', '--to', 'curl')).stdout).toContain('# says {"sku":"TEA","count":2}\n');
  expect(readFileSync(join(cwd, 'again.tape')).includes('correct horse battery')).toBe(false);
  const reader = await openReader(join(cwd, 'again.tape'));
  expect([...((await reader.sessions())[0]?.protoFiles?.keys() ?? [])]).toContain('shop/v1/shop.proto');
  expect((await reader.exchange('2'))?.redacted).toMatchObject([{ path: 'body[0].password' }]);
  await reader.close();
});

it.each(['import shop.har', 'export shop.tape --to har', 'generate shop.tape --to jest --out suite'])(
  'wiretape %s refuses what is no set',
  async (command) => {
    writeFileSync(join(cwd, 'none.binpb'), 'no set');
    const { status, stderr } = await wiretape(...command.split(' '), '--proto-set', 'none.binpb');
    expect(stderr).toMatch(/^BAD_PROTO_SET {2}Cannot use none\.binpb: it is no set of protobuf descriptors/);
    expect(status).toBe(2);
  },
);
