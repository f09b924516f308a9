/**
 * Captures from the corpus beside the checkout. Of well-formed traffic tshark is the yardstick, where it is installed; of
 * the rest it is asked that nothing fails, and that what was not seen whole says so.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { addressOf } from '../../../tape/model/http/http';
import { httpOf } from '../../../tape/model/registry';
import { eventsOf, exchangesIn } from '../../support/captured';
import { httpIn } from '../../support/contents';
import { corpusAt, decoded, filesIn } from '../../support/importing';
import { checkEvents } from '../../support/source-contract';

const folder = corpusAt('pcap');
const paths =
  folder === undefined
    ? []
    : filesIn(folder)
        .map(({ path }) => path)
        .filter((path) => /\.pcap/.test(path));
const hasTshark = spawnSync('tshark', ['--version'], { stdio: 'ignore' }).status === 0;

function capture(path: string): Buffer {
  const bytes = readFileSync(join(folder ?? '', path));
  return path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

(folder === undefined ? describe.skip : describe)('every capture', () => {
  it('is there', () => {
    expect(paths.length).toBe(73);
  });

  it.each(paths)('%s is read without failing, and tells of each connection in order', (path) => {
    checkEvents(eventsOf(capture(path)).events);
    const { exchanges } = exchangesIn(capture(path));
    expect(exchanges.map(({ number }) => number)).toEqual(exchanges.map((_, i) => i + 1));
    for (const exchange of exchanges) {
      const { request, response } = httpOf(exchange) ?? {};
      const isWhole = exchange.problems.length === 0 && request != null && response != null;
      // What is called complete has all the bytes that its head promised.
      const told = response?.headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
      const hasBody = request?.method !== 'HEAD' && response?.status !== 304 && response?.status !== 204;
      if (isWhole && told !== undefined && hasBody) expect(response?.body.wireSize).toBe(Number(told));
    }
  });
});

/**
 * Where both mean the same by a request: tshark names what looks like one on ports it knows, also where it is malformed,
 * and counts interim answers; those files are left out.
 */
const wellFormed = [
  '206_example_a.pcap',
  'basic-auth-with-colon.pcap',
  'byteranges.pcap',
  'cooper-grill-dvwa.pcapng',
  'docker-http-upgrade.pcap',
  'flash-version.pcap',
  'get.pcap',
  'http-bad-content-range-01.pcap',
  'http-filename.pcap',
  'http-non-printable-characters.pcap',
  'iso-download.pcap.gz',
  'm57-long-49600-80.pcap',
  'missing-zlib-header.pcap',
  'multipart.pcap',
  'pipelined-requests.pcap',
  'proxy.pcap',
  'smuggle-http-request.pcap',
  'version-mismatch.pcap',
  'zeek-image-1080-80-x.pcapng',
];

function tsharkSays(path: string, filter: string, ...fields: readonly string[]): readonly string[] {
  const args = [
    '-r',
    join(folder ?? '', path),
    '-Y',
    filter,
    '-T',
    'fields',
    ...fields.flatMap((field) => ['-e', field]),
  ];
  const text = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  // Several in one packet stand in one line, with commas between them.
  return text
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const columns = line.split('\t').map((column) => column.split(','));
      return (columns[0] ?? []).map((_, i) => columns.map((column) => column[i]).join(' '));
    });
}

// Without tshark the yardstick is missing: apt-get install tshark.
(folder !== undefined && hasTshark ? describe : describe.skip)(
  'what tshark says of the same file (needs tshark)',
  () => {
    const chosen = paths.filter((path) => wellFormed.includes(basename(path)));

    it('is asked of all that were chosen', () => {
      expect(chosen).toHaveLength(wellFormed.length);
    });

    it.each(chosen)('%s: requests and answers', (path) => {
      const exchanges = exchangesIn(capture(path))
        .exchanges.map(httpIn)
        .filter(({ request }) => request !== null);
      const requests = exchanges.map(({ request }) => request);
      const said = tsharkSays(path, 'http.request.method', 'http.request.method', 'http.host');
      expect(requests.map((request) => `${request?.method} ${request && addressOf(request).host}`)).toEqual(said);
      const statuses = exchanges.flatMap(({ response }) => (response === null ? [] : [String(response.status)]));
      // Of several connections at once exchanges are in the order of their requests, and packets in that of the answers.
      expect(statuses.sort()).toEqual(tsharkSays(path, 'http.response.code', 'http.response.code').toSorted());
    });

    it.each(['get.pcap', '206_example_a.pcap', 'flash-version.pcap'])('%s: bodies byte for byte', (name) => {
      const [path = ''] = paths.filter((each) => each.endsWith(`/${name}`));
      const objects = mkdtempSync(join(tmpdir(), 'wiretape-tshark-'));
      try {
        const args = ['-r', join(folder ?? '', path), '-q', '--export-objects', `http,${objects}`];
        execFileSync('tshark', args, { stdio: 'ignore' });
        const said = readdirSync(objects).map((object) => hash('sha256', readFileSync(join(objects, object))));
        const found = exchangesIn(capture(path)).exchanges.map((exchange) => decoded(httpIn(exchange).response));
        expect(said.length).toBeGreaterThan(0);
        expect(found.map((body) => hash('sha256', body)).sort()).toEqual(said.sort());
      } finally {
        rmSync(objects, { recursive: true });
      }
    });
  },
);
