/**
 * Files that other people's tools wrote, from the corpora beside the checkout; each is skipped where they are not there.
 * What mitmproxy makes of the same HAR is the yardstick; where wiretape means to differ, `inCommon` says so.
 */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gor } from '../../../tape/import/gor';
import { har } from '../../../tape/import/har';
import { keploy } from '../../../tape/import/keploy';
import type { HeaderList } from '../../../tape/model/body';
import { addressOf } from '../../../tape/model/http/http';
import { httpIn } from '../../support/contents';
import { corpusAt, decoded, fileOf, filesIn, imported } from '../../support/importing';

const hars = corpusAt('har');
const gors = corpusAt('gor');
const keploys = corpusAt('keploy/ts-nhost');
const ifThere = (folder: string | undefined) => (folder === undefined ? describe.skip : describe);

interface Twin {
  readonly request: TwinMessage & { method: string; path: string; pretty_host: string };
  readonly response: TwinMessage & { status_code: number; reason: string };
}

interface TwinMessage {
  readonly headers: HeaderList;
  readonly contentHash: string;
  readonly timestamp_start: number;
}

/**
 * Fields that both keep as they were. Left out: pseudo-headers, which are no fields; Content-Length and Content-Encoding,
 * which mitmproxy writes anew for the decoded body; a Host that the HAR of HTTP/1.1 lacks, which wiretape adds.
 */
function inCommon(headers: HeaderList): readonly string[] {
  const differing = /^(:.*|content-length|content-encoding|host|transfer-encoding)$/;
  return headers
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !differing.test(name))
    .map(([name, value]) => `${name}: ${value}`);
}

const sha256 = (bytes: Uint8Array) => hash('sha256', bytes);

ifThere(hars)('HAR files, as mitmproxy imports them', () => {
  const names = ['charles', 'firefox', 'safari', 'insomnia', 'postdata', 'with-bom', 'head-content-length'];

  it.each(names)('%s', (name) => {
    const folder = join(hars ?? '', 'har_files');
    const { exchanges } = imported(har, fileOf(`${name}.har`, readFileSync(join(folder, `${name}.har`))));
    const twins: readonly Twin[] = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
    const inOrder = twins.toSorted((a, b) => a.request.timestamp_start - b.request.timestamp_start);
    expect(exchanges).toHaveLength(twins.length);
    for (const [i, twin] of inOrder.entries()) {
      const { request, response } = httpIn(exchanges[i]);
      if (request === null || response === null) throw new Error(`exchange ${i + 1} is not whole`);
      expect({
        method: request.method,
        path: request.target,
        host: addressOf(request).host?.replace(/:\d+$/, ''),
        startedMs: Math.floor(request.startedAtUs / 1000),
        headers: inCommon(request.headers),
        body: sha256(decoded(request)),
        status: response.status,
        reason: response.reason === '' ? twin.response.reason : response.reason, // HTTP/2 has none, and the HAR says so
        answered: inCommon(response.headers),
      }).toEqual({
        method: twin.request.method,
        path: twin.request.path,
        host: twin.request.pretty_host,
        startedMs: Math.floor(twin.request.timestamp_start * 1000 + 0.0001),
        headers: inCommon(twin.request.headers),
        body: twin.request.contentHash,
        status: twin.response.status_code,
        reason: twin.response.reason,
        answered: inCommon(twin.response.headers),
      });
      // An answer of 304 carries no body; what the browser's cache held passes for one there.
      if (response.status !== 304) expect(sha256(decoded(response))).toBe(twin.response.contentHash);
      else expect(decoded(response)).toHaveLength(0);
    }
  });

  it.each(['brokenfile.har', 'broken_headers.json'])('%s is refused', (name) => {
    const file = fileOf(name, readFileSync(join(hars ?? '', 'corrupted_har', name)));
    expect(() => imported(har, file)).toThrow(expect.objectContaining({ code: 'IMPORT_UNREADABLE' }));
  });
});

ifThere(gors)('a file of GoReplay', () => {
  it('gives its 101 requests in order, byte for byte', () => {
    const [file] = filesIn(gors ?? '').filter(({ path }) => path.endsWith('.gor'));
    if (file === undefined) throw new Error('the file is not there');
    const { exchanges, notes } = imported(gor, file);
    const text = Buffer.from(file.bytes).toString('latin1');
    const records = text.split(Buffer.from('\n\u{1F435}\u{1F648}\u{1F649}\n').toString('latin1')).filter(Boolean);
    const wanted = records.map((record) => record.slice(record.indexOf('\n') + 1));
    const found = exchanges.map((exchange) => {
      const { request } = httpIn(exchange);
      const fields = request?.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      return `${request?.method} ${request?.target} HTTP/1.1\r\n${fields}\r\n${decoded(request).toString('latin1')}`;
    });
    expect(found).toEqual(wanted);
    expect([found.length, notes]).toEqual([101, []]);
    const spanUs = (exchanges.at(-1)?.startedAtUs ?? 0) - (exchanges[0]?.startedAtUs ?? 0);
    expect(Math.round(spanUs / 10_000)).toBe(51_856);
  });
});

ifThere(keploys)('a test set of Keploy', () => {
  const { exchanges, notes } = imported(keploy, keploys === undefined ? [] : filesIn(keploys));
  const inbound = exchanges.filter(({ connection }) => connection.direction === 'inbound');
  const outbound = exchanges.filter(({ connection }) => connection.direction === 'outbound');

  it('has 8 tests and 9 mocks, all whole', () => {
    expect([inbound.length, outbound.length]).toEqual([8, 9]);
    expect(exchanges.flatMap(({ problems }) => problems)).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/^noise of the tests is left out: body.createdAt, header.Date;/)]);
  });

  it('knows which test each mock happened in: two in the fourth', () => {
    const tests = outbound.map(({ cause }) => inbound.findIndex(({ number }) => number === cause?.number) + 1);
    expect(tests).toEqual([1, 2, 3, 4, 4, 5, 6, 7, 8]);
  });

  it('keeps the bodies as they were', () => {
    const { request, response } = httpIn(inbound[0]);
    expect(JSON.parse(decoded(request).toString())).toMatchObject({ displayName: 'Arpit', locale: 'en' });
    expect(decoded(response)).toHaveLength(142);
    expect(httpIn(outbound[0]).request?.target).toBe('/v1/graphql');
  });
});
