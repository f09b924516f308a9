/** Reads the bodies of fixtures/apps/echo/marked-bodies.js: whose they are. */
import { decodeBody } from '../../tape/body/coding';
import type { Exchange } from '../../tape/model/exchange';
import { httpIn } from './contents';

/** The markers in a target and in both bodies: one and the same, if nothing was mixed up. */
export function markersOf(exchange: Exchange): string {
  const [, marker, round] = httpIn(exchange).request?.target.split('/') ?? [];
  const unit = `<${marker} ${round}>`;
  const texts = [httpIn(exchange).request?.body, httpIn(exchange).response?.body].map((body) =>
    body === undefined ? '' : Buffer.from(decodeBody(body).bytes).toString(),
  );
  const foreign = texts.filter((text) => text === '' || text.replaceAll(unit, '') !== '');
  return foreign.length === 0 ? (marker ?? '') : `mixed up: ${unit} with ${foreign.map((text) => text.slice(0, 80))}`;
}
