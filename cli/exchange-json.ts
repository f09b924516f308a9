/**
 * Exchanges as `ls --json` and `show --json` print them: schema 1, which scripts rely on. Members are only ever added.
 * Pure; text from the wire goes out as it is, since JSON escapes what a terminal would act on.
 */
import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { decodeBody } from '../tape/body/coding';
import type { Body, HeaderList, HttpRequest, HttpResponse } from '../tape/model/exchange';
import { summaryOf } from '../tape/store/summary';
import type { ExchangeSummary, StoredExchange } from '../tape/store/tape';
import { isoTime } from './when';

/** The line of one exchange, as an object. */
export function summaryJson(summary: ExchangeSummary) {
  const { id, session, connectionId, seq, direction, protocol, tls, rawProtocol, unreadTls } = summary;
  const { process, local, remote } = summary;
  const { method, host, path, status, durationUs, requestBytes, responseBytes, problems, outcome, cause } = summary;
  return {
    ...{ schema: 1, id, session, connection: connectionId, seq, startedAt: isoTime(summary.startedAtUs) },
    ...{ direction, protocol, tls, process: { pid: process.pid, name: process.name } },
    ...{ container: process.container ?? null, local, remote, method, host, path, status },
    ...{ durationMs: durationUs === null ? null : durationUs / 1000, requestBytes, responseBytes },
    ...{ complete: problems.length === 0, problems, outcome, cause },
    ...{ rawProtocol, unreadTls },
  };
}

/** What its line says, and both messages with headers, body and trailers; null where there was none, or nothing of it was kept. */
export function exchangeJson(stored: StoredExchange) {
  const { request, response, raw } = stored.exchange;
  return {
    ...summaryJson(summaryOf(stored)),
    request: messageJson(request) ?? rawJson(raw?.requestBytes),
    response: messageJson(response) ?? rawJson(raw?.responseBytes),
    redacted: stored.redacted.map(({ in: message, path, rule }) => ({ in: message, path, rule })),
  };
}

function messageJson(message: HttpRequest | HttpResponse | null) {
  return message === null ? null : messageOf(message.headers, message.body, message.trailers);
}

/** The kept bytes of a raw stream are a message without headers. */
function rawJson(bytes: Uint8Array | null | undefined) {
  return bytes == null ? null : messageOf([], { bytes, codings: [], wireSize: bytes.length }, []);
}

function messageOf(headers: HeaderList, body: Body, trailers: HeaderList) {
  return { headers, body: bodyJson(body), trailers };
}

/** `problem` is there only where the content coding could not be undone in full; the size is that of what is given. */
function bodyJson(body: Body) {
  const { bytes, problem } = decodeBody(body);
  const encoding = isUtf8(bytes) ? 'utf8' : 'base64';
  return {
    encoding,
    data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(encoding),
    size: bytes.length,
    sha256: hash('sha256', bytes),
    ...(problem === null ? {} : { problem }),
  };
}
