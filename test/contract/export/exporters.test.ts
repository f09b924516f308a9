/**
 * Each format held against the tool that reads it, where that is at hand, and against its published schema elsewhere:
 * HAR by har-schema, OpenAPI by its own JSON Schema, k6 by its type definitions. Real curl sends what is written for it.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { callsIn } from '../../../tape/export/calls';
import { curl } from '../../../tape/export/curl';
import { har } from '../../../tape/export/har';
import { hurl } from '../../../tape/export/hurl';
import { k6 } from '../../../tape/export/k6';
import { openapi } from '../../../tape/export/openapi';
import { exporters } from '../../../tape/export/registry';
import { wiremock } from '../../../tape/export/wiremock';
import type { HeaderList } from '../../../tape/model/body';
import type { RedactionEntry } from '../../../tape/redact/redacted';
import type { StoredExchange } from '../../../tape/store/tape';
import { type ExchangeSketch, storedExchanges } from '../../support/exchanges';
import { exported, inboundOf, outboundOf, sampleExchanges, startNotingServer } from '../../support/exporting';
import { root } from '../../support/source-tree';
import { exchangeOf, messageOf } from '../../support/tapes';

const samples = sampleExchanges();
const inbound = inboundOf(samples);
const outbound = outboundOf(samples);
const run = promisify(execFile);

interface Stub {
  readonly request: { readonly method: string; readonly url: string };
  readonly response: { readonly body: string };
  readonly newScenarioState?: string;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-export-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function callsOf(exchanges: readonly StoredExchange[]) {
  const nothing = () => undefined;
  const options = { target: null, wiretapeVersion: '', template: String, onWritten: nothing, onLeftOut: nothing };
  return Array.fromAsync(callsIn(exchanges, options));
}

/** What has to arrive of each exchange that can be sent. */
async function wanted() {
  return (await callsOf(inbound)).map(({ request, path, headers, body }) => ({
    method: request.method,
    url: path,
    headers: headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`).sort(),
    body: body.toString('base64'),
  }));
}

describe.each(exporters.map((exporter) => [exporter.name, exporter] as const))('%s', (_, exporter) => {
  it('writes or leaves out each exchange, and says why', async () => {
    const { written, leftOut } = await exported(exporter, samples);
    expect(written.length + leftOut.length).toBe(samples.length);
    expect(written.length).toBeGreaterThan(5);
  });

  it('writes the same text for the same exchanges', async () => {
    expect((await exported(exporter, samples)).text).toBe((await exported(exporter, samples)).text);
  });

  it('says where placeholders stand, where the format has room for it', async () => {
    const { text } = await exported(exporter, samples);
    if (exporter !== openapi) expect(text).toMatch(/header\[\\?"authorization\\?"\] \(authorization\)/);
    else expect(text).not.toContain('placeholder');
  });
});

it('leaves out the 101 of a request that asked for HTTP/2 without a word, since its answer stands beside it', async () => {
  const toHttp2 = storedExchanges({ status: 101, responseHeaders: [['Upgrade', 'h2c']] }, { status: 101 });
  const leftOut: string[] = [];
  const options = { target: null, wiretapeVersion: '', template: String, onWritten: () => undefined };
  const onLeftOut = (reason: string) => leftOut.push(reason);
  expect(await Array.fromAsync(callsIn(toHttp2, { ...options, onLeftOut }))).toEqual([]);
  expect(leftOut).toEqual(['left HTTP for another protocol']);
});

it('HAR is what its schema asks for', async () => {
  const ajv = new Ajv({ strict: false });
  addFormats(ajv);
  const schemas: Record<string, object> = require('har-schema');
  ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json'));
  for (const schema of Object.values(schemas)) ajv.addSchema(schema);
  const socket = { ...samples[0], exchange: exchangeOf({ protocol: 'websocket', messages: [messageOf('hi')] }) };
  const all = [...samples, socket as StoredExchange];
  const document = JSON.parse((await exported(har, all)).text);
  const isValid = ajv.validate('har.json#', document);
  expect([isValid, ajv.errors]).toEqual([true, null]);
  expect(document.log.entries).toHaveLength(all.length);
});

it('OpenAPI is what its schema asks for', async () => {
  const { text, leftOut } = await exported(openapi, inbound);
  const file = join(folder, 'openapi.json');
  writeFileSync(file, text);
  // The validator is an ES module, which not every Node.js here can load into a test.
  const check = `import { Validator } from '@seriousme/openapi-schema-validator';
    console.log(JSON.stringify(await new Validator().validate(${JSON.stringify(file)})));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', check], { cwd: root });
  expect(JSON.parse(stdout)).toEqual({ valid: true });
  expect(leftOut).toEqual(['are not complete', 'have no request or no answer']);
  expect(Object.keys(JSON.parse(text).paths)).toEqual([
    '/coded',
    '/form',
    '/images/{imageId}',
    "/it's/%7Ba%7D",
    '/orders',
    '/orders/{orderId}',
    '/orders/{orderId}/note',
  ]);
});

it('OpenAPI tells parameters, bodies and security as they were seen', async () => {
  const { paths, components } = JSON.parse((await exported(openapi, inbound)).text);
  expect(paths['/orders'].get.parameters).toEqual([
    { name: 'page', in: 'query', required: true, schema: { type: 'integer' } },
    { name: 'q', in: 'query', required: true, schema: { type: 'string' } },
    { name: 'open', in: 'query', required: true, schema: { type: 'boolean' } },
  ]);
  expect(paths['/orders'].get.responses['200'].content['application/json'].schema).toMatchObject({
    properties: { items: { items: { properties: { at: { type: 'string', format: 'date-time' } } } } },
    required: ['items'],
  });
  expect(paths['/orders'].post).toMatchObject({ security: [{ bearer: [] }], requestBody: { required: true } });
  expect(components.securitySchemes).toEqual({ bearer: { type: 'http', scheme: 'bearer' } });
});

it('curl sends each request as it was recorded, whatever stands in it', async () => {
  const server = await startNotingServer();
  try {
    const { text } = await exported(curl, inbound, server.url);
    const script = join(folder, 'requests.sh');
    writeFileSync(script, text);
    await run('/bin/sh', [script], { cwd: folder });
    const arrived = server.arrived.map(({ headers, body, ...rest }) => ({
      ...rest,
      headers: headers.toSorted(),
      body: body.toString('base64'),
    }));
    expect(arrived).toEqual(await wanted());
  } finally {
    await server.stop();
  }
});

it('curl sends bytes that are no text in a field', async () => {
  const server = await startNotingServer();
  try {
    const odd = storedExchanges({ requestHeaders: [['X-Odd', "caf\xe9 'x'"]] });
    await run('/bin/sh', ['-c', (await exported(curl, odd, server.url)).text]);
    expect(server.arrived.flatMap(({ headers }) => headers)).toContain("x-odd: caf\xe9 'x'");
  } finally {
    await server.stop();
  }
});

it('k6 runs the requests that its script asks for, and its types accept the script', async () => {
  const { text } = await exported(k6, inbound);
  writeFileSync(join(folder, 'load.js'), text);
  if (!existsSync(join(folder, 'node_modules'))) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const tsc = join(root, 'node_modules/.bin/tsc');
  const flags = ['--noEmit', '--allowJs', '--checkJs', '--target', 'es2022', '--module', 'esnext'];
  const found = await run(tsc, [...flags, '--moduleResolution', 'bundler', '--types', 'k6', 'load.js'], {
    cwd: folder,
  }).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
  expect(found).toBe('');
  expect(requestsOf(text)).toEqual(await wanted());
});

/** Runs the script with modules that write down what it asks of them. */
function requestsOf(script: string) {
  const sent: object[] = [];
  const http = {
    request(method: string, url: string, body: unknown, { headers }: { headers: Record<string, string> }) {
      const bytes = body === null ? Buffer.alloc(0) : Buffer.from(body as string);
      const fields = Object.entries(headers).map(
        ([name, value]) => `${name.toLowerCase()}: ${Buffer.from(value).toString('latin1')}`,
      );
      sent.push({
        method,
        url: url.slice('http://shop.test'.length),
        headers: fields.sort(),
        body: bytes.toString('base64'),
      });
      return { status: 0 };
    },
  };
  const encoding = { b64decode: (text: string) => Buffer.from(text, 'base64') };
  const body = script
    .replace(/^import .*$/gm, '')
    .replace('export const options', 'const options')
    .replace('export default function ()', 'return function ()');
  const make = new Function('http', 'encoding', 'check', 'sleep', '__ENV', body);
  make(
    http,
    encoding,
    () => true,
    () => undefined,
    {},
  )();
  return sent;
}

describe('WireMock', () => {
  const mappingsOf = async () => JSON.parse((await exported(wiremock, outbound)).text).mappings;

  it('answers one request after another as it was answered, and goes on with the last', async () => {
    const stock = (await mappingsOf()).filter(
      (mapping: { request: { urlPattern?: string } }) => mapping.request.urlPattern !== undefined,
    );
    expect(stock).toMatchObject([
      { requiredScenarioState: 'Started', newScenarioState: 'answered 1', response: { body: '{"left":1}' } },
      { requiredScenarioState: 'answered 1', response: { body: '{"left":2}' } },
    ]);
    expect(stock[1].newScenarioState).toBeUndefined();
    expect(new Set(stock.map(({ scenarioName }: { scenarioName: string }) => scenarioName)).size).toBe(1);
  });

  const stubsOf = async (...sketches: readonly ExchangeSketch[]) => {
    const asked = sketches.map((sketch) => ({ direction: 'outbound' as const, host: 'pay.test', ...sketch }));
    const { mappings } = JSON.parse((await exported(wiremock, storedExchanges(...asked))).text);
    return mappings.map(({ request, response, newScenarioState }: Stub) => ({ request, response, newScenarioState }));
  };
  const told = (responseBody: string): ExchangeSketch => ({ target: '/poll', responseBody });

  it('answers as often as it was answered before the answer became another one', async () => {
    const stubs = await stubsOf(told('wait'), told('wait'), told('done'), told('done'));
    expect(stubs.map(({ response, newScenarioState }: Stub) => [response.body, newScenarioState])).toEqual([
      ['wait', 'answered 1'],
      ['wait', 'answered 2'],
      ['done', undefined],
    ]);
  });

  it.each<[string, ExchangeSketch, ExchangeSketch, object, object]>([
    [
      'hosts',
      { host: 'a.test' },
      { host: 'b.test:81' },
      { headers: { host: { equalTo: 'a.test' } } },
      { headers: { host: { equalTo: 'b.test:81' } } },
    ],
    [
      'a part and the whole',
      { requestHeaders: [['Range', 'bytes=0-9']] },
      {},
      { headers: { range: { equalTo: 'bytes=0-9' } } },
      { headers: { range: { absent: true } } },
    ],
    [
      'what an answer says it depends on',
      { requestHeaders: [['X-Tenant', 'a']], responseHeaders: [['Vary', 'X-Tenant, Accept-Encoding']] },
      { requestHeaders: [['X-Tenant', 'b']] },
      { headers: { 'x-tenant': { equalTo: 'a' } } },
      { headers: { 'x-tenant': { equalTo: 'b' } } },
    ],
    [
      'a body and none',
      { method: 'POST', requestHeaders: [['Content-Type', 'text/plain']], requestBody: 'a' },
      { method: 'POST' },
      { bodyPatterns: [{ equalTo: 'a' }] },
      { bodyPatterns: [{ absent: true }] },
    ],
  ])('tells %s from each other', async (_, one, other, oneAsks, otherAsks) => {
    const stubs = await stubsOf(
      { target: '/x', responseBody: '1', ...one },
      { target: '/x', responseBody: '2', ...other },
    );
    expect(stubs.map(({ request: { method: _, url, ...more } }: Stub) => [url, more])).toEqual([
      ['/x', oneAsks],
      ['/x', otherAsks],
    ]);
  });

  it('asks for the operation that a field names, and for no field that every client sends', async () => {
    const fields: HeaderList = [
      ['X-Amz-Target', 'Db.Get'],
      ['Accept', '*/*'],
      ['User-Agent', 'x'],
    ];
    const [stub] = await stubsOf({ target: '/', requestHeaders: fields, responseHeaders: [['Vary', 'Accept']] });
    expect(stub.request).toEqual({ method: 'GET', url: '/', headers: { 'x-amz-target': { equalTo: 'Db.Get' } } });
  });

  it('takes nothing for a placeholder that stands in the answer, or in another place', async () => {
    const placeholders: readonly RedactionEntry[] = [
      { in: 'response', path: 'header["set-cookie"]', rule: 'cookie', placeholder: '4' },
      { in: 'request', path: 'header["cookie"]', rule: 'cookie', placeholder: '5' },
      { in: 'request', path: 'body.pin', rule: 'secret-name', placeholder: '6' },
      { in: 'request', path: 'query.k', rule: 'secret-name', placeholder: '7' },
    ];
    const requestBody = { id: 4, of: 5, pin: '6', count: 16 };
    const [stub] = await stubsOf({ method: 'POST', target: '/u/47?k=7&n=5', requestBody, redacted: placeholders });
    expect(stub.request.urlPattern).toBe('/u/47\\?k=[^/?&]+&n=5');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: WireMock's own notation
    const expected = { id: 4, of: 5, pin: '${json-unit.ignore}', count: 16 };
    expect(JSON.parse(stub.request.bodyPatterns[0].equalToJson)).toEqual(expected);
  });

  it('takes anything where redaction replaced a value', async () => {
    const mappings = await mappingsOf();
    expect(mappings[0].request).toEqual({ method: 'GET', urlPattern: '/left/[^/?&]+' });
    const [charge] = mappings.slice(-1);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: WireMock's own notation
    expect(JSON.parse(charge.request.bodyPatterns[0].equalToJson)).toEqual({ amount: 3, card: '${json-unit.ignore}' });
  });
});

/** Tools that are too large to be installed for this: run where a variable says where they are. */
const jar = process.env.WIRETAPE_WIREMOCK_JAR;
(jar === undefined ? it.skip : it)('WireMock answers by the mappings (WIRETAPE_WIREMOCK_JAR)', async () => {
  const mappings = join(folder, 'wiremock/mappings');
  mkdirSync(mappings, { recursive: true });
  writeFileSync(join(mappings, 'shop.json'), (await exported(wiremock, samples)).text);
  const flags = ['--port', '0', '--bind-address', '127.0.0.1', '--root-dir', join(folder, 'wiremock')];
  const server = spawn('java', ['-jar', jar ?? '', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = await new Promise<string>((resolve, reject) => {
      let said = '';
      server.once('close', () => reject(new Error(said)));
      server.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        const found = /^port:\s+(\d+)/m.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    for (const { request, path, headers, body, response, answer } of await callsOf(samples)) {
      const fields = headers.flatMap(([name, value]) => (/^(x-odd|accept-encoding)$/i.test(name) ? [] : [name, value]));
      const live = await asked(Number(port), { method: request.method, path, headers: fields, body });
      const found = { path, status: live.status, body: live.body.toString('base64') };
      expect(found).toEqual({ path, status: response.status, body: answer.body.toString('base64') });
    }
  } finally {
    server.kill('SIGKILL');
  }
});

/** Sent as it is: fetch would write the path its own way. */
function asked(port: number, { body, ...request }: { method: string; path: string; headers: string[]; body: Buffer }) {
  return new Promise<{ status: number; body: Buffer }>((resolve, reject) => {
    const headers = ['Host', `127.0.0.1:${port}`, 'Content-Length', String(body.length), ...request.headers];
    const sending = httpRequest({ host: '127.0.0.1', port, ...request, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces) }));
    });
    sending.on('error', reject).end(body);
  });
}

const hurlProgram = process.env.WIRETAPE_HURL;
(hurlProgram === undefined ? it.skip : it)('Hurl sends each request as it was recorded (WIRETAPE_HURL)', async () => {
  const server = await startNotingServer();
  try {
    writeFileSync(
      join(folder, 'shop.hurl'),
      (await exported(hurl, inbound, server.url)).text.replaceAll(/^HTTP \d+\n(\[Asserts\]\n.*\n)?/gm, 'HTTP 200\n'),
    );
    await run(hurlProgram ?? '', [join(folder, 'shop.hurl')]);
    expect(server.arrived.map(({ method, url }) => ({ method, url }))).toEqual(
      (await wanted()).map(({ method, url }) => ({ method, url })),
    );
  } finally {
    await server.stop();
  }
});
