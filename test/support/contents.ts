/** What tests look at of an exchange: its request and response, or its raw stream; nulls where it has another content. */
import type { Exchange } from '../../tape/model/exchange';
import { type HttpContent, noHttp } from '../../tape/model/http/http';
import type { RawContent } from '../../tape/model/raw/raw';
import { httpOf } from '../../tape/model/registry';

export function httpIn(exchange: Exchange | undefined): HttpContent {
  return (exchange === undefined ? null : httpOf(exchange)) ?? noHttp;
}

export function rawIn(exchange: Exchange | undefined): RawContent | null {
  return exchange?.protocol === 'raw' ? exchange.content : null;
}
