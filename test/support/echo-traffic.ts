/** What a recording of the echo services has to hold, whichever TLS they speak: each body whole, each connection apart. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../replayer/launch/free-port';
import type { StoredExchange } from '../../tape/store/tape';
import { httpIn } from './contents';
import { markersOf } from './markers';
import { apps, type Certificate, run, seededBytes, startNginx, startServer, type TemporaryFolder } from './programs';
import { bodyHash, type Recorded, sha256 } from './recorder';
import { noteRead } from './tls-read';

/** The body of so many bytes that goes both ways. */
export function echoBody(size: number): Buffer {
  return seededBytes(size, size + 1);
}

/** Files with these bodies in the folder; their paths. */
export function writeEchoBodies(folder: TemporaryFolder, sizes: readonly number[]): readonly string[] {
  return sizes.map((size) => folder.write(`body-${size}`, echoBody(size)));
}

/** Versions of TLS by the tape's names for them, and what makes Node.js speak no other. */
export const tlsVersions = { '1.2': '--tls-max-v1.2', '1.3': '--tls-min-v1.3' } as const;
export type TlsVersion = keyof typeof tlsVersions;
export const bothVersions: readonly TlsVersion[] = ['1.2', '1.3'];

const nodeEcho = join(apps, 'echo/node.js');

/** The echo of Node.js as a server that speaks these versions of TLS only, or whichever it likes. */
export function startNodeEcho({ cert, key }: Certificate, version?: TlsVersion) {
  return startServer(process.execPath, [...limit(version), nodeEcho, 'server', cert, key]);
}

/** The same over HTTP/2. */
export function startHttp2Echo({ cert, key }: Certificate) {
  return startServer(process.execPath, [join(apps, 'echo/http2.js'), 'server', cert, key]);
}

/** The echo of Node.js as a client, which posts each file over one connection. */
export function useNodeEcho(port: number, files: readonly string[], version?: TlsVersion): Promise<void> {
  return run(process.execPath, [...limit(version), nodeEcho, 'client', `https://127.0.0.1:${port}`, ...files]);
}

/** curl posts each body over one connection of HTTP/2. */
export function useCurlEcho(port: number, files: readonly string[]): Promise<void> {
  return run('curl', curlPosts(port, files, ['--http2']));
}

/** What makes curl post all the files over one connection; `more` are options of each. */
export function curlPosts(port: number, files: readonly string[], more: readonly string[] = []): readonly string[] {
  const transfers = files.map((file) => [
    ...more,
    ...['-sSfk', '-o', '/dev/null', '-H', 'Expect:', '-H', 'Content-Type: application/octet-stream'],
    ...['--data-binary', `@${file}`, `https://127.0.0.1:${port}/${statSync(file).size}`],
  ]);
  return transfers.flatMap((transfer, i) => (i === 0 ? transfer : ['--next', ...transfer]));
}

const limit = (version: TlsVersion | undefined) => (version === undefined ? [] : [tlsVersions[version]]);

/** By the summary of a recording. */
export function expectNothingMissing({ summary }: Pick<Recorded, 'summary'>): void {
  expect(summary).toMatch(/^ {2}missing {4}nothing$/m);
}

export interface Echoed {
  /** Which program, or build of the library, in the words of README's table. */
  readonly of: string;
  readonly sizes: readonly number[];
  readonly direction: 'inbound' | 'outbound';
  readonly library: string;
  readonly protocol: string;
}

/** One exchange for each size, in their order, by SHA-256 both ways. */
export function expectEchoes(exchanges: readonly StoredExchange[], { of, sizes, ...known }: Echoed): void {
  const facts = exchanges.map(({ exchange }) => ({
    target: httpIn(exchange).request?.target,
    direction: exchange.connection.direction,
    protocol: exchange.protocol,
    library: exchange.connection.tls?.library,
    problems: exchange.problems,
    request: bodyHash(httpIn(exchange).request?.body),
    response: bodyHash(httpIn(exchange).response?.body),
  }));
  expect(facts).toEqual(
    sizes.map((size) => {
      const hash = sha256(echoBody(size));
      return { target: `/${size}`, ...known, problems: [], request: hash, response: hash };
    }),
  );
  noteRead(of, exchanges);
}

/** The same for each of these versions of TLS, in this order; on one connection each, or more. */
export function expectEchoesOver(
  versions: readonly string[],
  exchanges: readonly StoredExchange[],
  echoed: Echoed,
): void {
  const byVersion = Map.groupBy(exchanges, ({ exchange }) => exchange.connection.handshake?.version);
  expect([...byVersion.keys()]).toEqual(versions);
  for (const each of byVersion.values()) expectEchoes(each, echoed);
}

/**
 * As many exchanges under each marker, and no connection under two; what is one connection on the wire is one. A client may take
 * another one for the same marker: that of Go does where it could not tell in 50 ms that a request was written.
 */
export function expectApart(exchanges: readonly StoredExchange[], markers: number, rounds: number): void {
  const byMarker = Map.groupBy(exchanges, ({ exchange }) => markersOf(exchange));
  const counts = [...byMarker].map(([marker, own]) => `${marker} ${own.length}`).sort();
  expect(counts).toEqual(Array.from({ length: markers }, (_, i) => `m${i} ${rounds}`).sort());
  const seen = exchanges.map(({ exchange: { connection } }) => connection);
  const ends = new Map(seen.map(({ key, local, remote }) => [key, `${local} ${remote}`]));
  const owners = exchanges.map(({ exchange }) => `${exchange.connection.key} ${markersOf(exchange)}`);
  expect([new Set(ends.values()).size, new Set(owners).size]).toEqual([ends.size, ends.size]);
  expect(ends.size).toBeGreaterThanOrEqual(markers);
  expect(exchanges.flatMap(({ exchange }) => exchange.problems)).toEqual([]);
}

/** nginx over TLS before the echo of Node.js without; the port it listens on. */
export async function startNginxBeforeEcho(folder: string, { cert, key }: Certificate): Promise<number> {
  const upstream = await startServer(process.execPath, [nodeEcho, 'server']);
  const port = await freePort();
  await startNginx(
    folder,
    `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key};
       location / { proxy_pass http://127.0.0.1:${upstream.port}; } }`,
  );
  return port;
}
