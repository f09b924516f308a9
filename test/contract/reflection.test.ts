/**
 * What a server tells of itself while it is recorded names the fields of its messages afterwards, without any option: from the bytes
 * of grpc-js, through the pipeline and redaction, to a tape and the command that shows it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@grpc/grpc-js';
import { createHeaderInflater } from '../../native/binding';
import { createPipeline } from '../../recorder/pipeline';
import { filesInSet } from '../../tape/body/protobuf/schemas';
import { protobufType } from '../../tape/body/rpc/type';
import { messageAsJson } from '../../tape/body/rpc/view';
import { createRedactor, type RedactorOptions } from '../../tape/redact/redactor';
import { parseRedactionRules } from '../../tape/redact/rules-file';
import { openReader } from '../../tape/store/registry';
import { openTapeWriter } from '../../tape/store/sqlite';
import { runWiretape } from '../support/command';
import { eventsOf, type Turn } from '../support/converse';
import { talkGrpc } from '../support/grpc-talk';
import { field, fileOf, moneyDescriptor, shopDescriptor, shopSet } from '../support/proto';
import {
  askReflection,
  type ReflectionVersion,
  reflectionOf,
  reflectionService,
  reflectionVersions,
} from '../support/reflection';
import { item, shopBuild, shopService } from '../support/shop-calls';
import { sessionStart } from '../support/tapes';

const folder = mkdtempSync(join(tmpdir(), 'wiretape-reflection-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const same = (bytes: Buffer) => bytes;
const place = (client: Client) =>
  new Promise((done) => client.makeUnaryRequest(shopService.Place.path, same, same, item('TEA'), done));

interface Told {
  /** What the server answers for each symbol. */
  readonly files: Readonly<Record<string, readonly Uint8Array[]>>;
  readonly version?: ReflectionVersion;
  readonly asked?: readonly string[];
  readonly options?: object;
}

/** A call, and what a client asked the server about itself. */
function talk({ files, version = 'v1', asked = Object.keys(files), options = {} }: Told): Promise<readonly Turn[]> {
  return talkGrpc({
    service: { ...shopService, ...reflectionService },
    implementation: { ...shopBuild(), ...reflectionOf((symbol) => files[symbol] ?? []) },
    options,
    async call(client) {
      await place(client);
      await askReflection(client, version, ...asked);
    },
  });
}

/** What `record` does with the bytes, onto a tape; gives its path and what a recording says at its end. */
function record(name: string, turns: readonly Turn[], more: Partial<RedactorOptions> & { given?: Uint8Array } = {}) {
  const { given, ...rules } = more;
  const tape = join(folder, `${name}.tape`);
  const protoFiles = given === undefined ? new Map() : filesInSet(given, 'given.binpb');
  const redactor = createRedactor({ key: null, ...rules });
  const writer = openTapeWriter(tape);
  const session = writer.beginSession({ ...sessionStart, protoFiles });
  const pipeline = createPipeline({
    createHeaderDecoder: createHeaderInflater,
    redact: (exchange) => redactor.redact(exchange),
    onExchange: (exchange) => writer.append(session, [exchange]),
    onLoss: () => undefined,
    protoFiles,
    onProtoFile: (file) => writer.keepProtoFile(session, file),
  });
  const events = eventsOf({}, turns);
  for (const event of events) {
    pipeline.tick(event.atUs);
    pipeline.push([event]);
  }
  pipeline.end((events.at(-1)?.atUs ?? 0) + 1_000_000);
  writer.endSession(session, { endedAtUs: sessionStart.startedAtUs, reason: 'interrupted' });
  writer.close();
  return { tape, reflection: pipeline.stats().reflection };
}

/** The answer of the call as a reader gives it, and what `show` says besides of it. */
async function placed(tape: string): Promise<readonly [answer: unknown, said: string]> {
  const reader = await openReader(tape);
  const stored = await reader.exchange('1');
  await reader.close();
  const message = stored?.exchange.messages.find(({ from }) => from === 'server');
  if (message === undefined) throw new Error('no message of the server');
  const { stdout, stderr } = await runWiretape(['show', tape, '1'], { cwd: folder });
  expect(stdout).toContain('as it was');
  return [JSON.parse(JSON.stringify(messageAsJson(protobufType, message.body))), stderr];
}

const whole = { 'shop.v1.Shop': [shopDescriptor, moneyDescriptor] };
const named = { id: '7', note: 'as it was' };

describe.each(reflectionVersions)('a server that tells of itself by %s', (version) => {
  it.each([
    ['plain', {}],
    ['compressed', { 'grpc.default_compression_algorithm': 2 }],
  ])('names fields in later commands: %s', async (how, options) => {
    const { tape, reflection } = record(`${version}-${how}`, await talk({ files: whole, version, options }));
    expect(reflection).toEqual({ files: 2, contested: [], refused: 0, waiting: 0, overLimit: 0 });
    expect(await placed(tape)).toEqual([named, '']);
  });
});

it('names fields once files that came one by one are all there', async () => {
  const files = { 'shop.v1.Shop': [shopDescriptor], 'shop.v1.Money': [moneyDescriptor] };
  const half = record('half', await talk({ files, asked: ['shop.v1.Shop'] }));
  expect(half.reflection).toMatchObject({ files: 0, waiting: 1 });
  expect(await placed(half.tape)).toEqual([{ 1: 7, 11: { 1: 'as it was' } }, '']);
  expect(await placed(record('both', await talk({ files })).tape)).toEqual([named, '']);
});

const otherShop = fileOf({
  name: 'shop/v1/shop.proto',
  package: 'shop.v1',
  syntax: 'proto3',
  messageType: [{ name: 'Order', field: [field('wrong', 1, 'INT64')] }],
});

it('keeps the first of two that say otherwise, and every later command says so', async () => {
  const files = { ...whole, other: [otherShop] };
  const { tape, reflection } = record('contested', await talk({ files, asked: ['shop.v1.Shop', 'other'] }));
  expect(reflection).toMatchObject({ files: 2, contested: ['shop/v1/shop.proto'] });
  const [answer, said] = await placed(tape);
  expect(answer).toEqual(named);
  expect(said).toMatch(/^note {2}session 1: servers told other descriptors of shop\/v1\/shop\.proto/);
});

it('never takes one in the place of what was given', async () => {
  const turns = await talk({ files: { other: [otherShop] } });
  const { tape, reflection } = record('given', turns, { given: shopSet });
  expect(reflection).toMatchObject({ files: 0, contested: ['shop/v1/shop.proto'] });
  expect((await placed(tape))[0]).toEqual(named);
});

it('refuses what is none, and keeps the rest', async () => {
  const bad = [Uint8Array.of(0xff), fileOf({ name: 'x.proto', messageType: [{ name: 'not a name' }] })];
  const { tape, reflection } = record('hostile', await talk({ files: { bad, ...whole } }));
  expect(reflection).toMatchObject({ files: 2, refused: 2 });
  expect(await placed(tape)).toEqual([named, '']);
});

it('takes no descriptors from a message that something was taken out of', async () => {
  const rules = parseRedactionRules('- { name: secret-project, pattern: "LoginReply" }', 'rules.yaml');
  const { reflection, tape } = record('redacted', await talk({ files: whole }), { rules });
  expect(reflection).toMatchObject({ files: 0, refused: 2 });
  const reader = await openReader(tape);
  expect((await reader.sessions())[0]?.protoFiles).toBeUndefined();
  await reader.close();
});
