/**
 * Redacts a message of HTTP in a part of a body as one of its own: its target, its fields by their names, its body by its
 * type. Rules for places of messages reach it as if it came alone; what is written down of it names its place in the body.
 */
import { type HttpPart, readHttpPart, writeHttpPart } from '../body/http-part';
import type { Body, HeaderList } from '../model/body';
import type { Path } from '../model/path';
import { createHeaderNames, redactHeaders } from './headers';
import type { Ledger } from './ledger';
import { redactLine } from './line';
import { ruleCovering } from './rules';
import type { Scope } from './scope';
import { redactTarget } from './target';

export interface PartPlace extends Scope {
  readonly path: Path;
}

/** The bytes themselves where nothing fired; undefined where they are no message. */
export function redactHttpPart(
  bytes: Uint8Array,
  place: PartPlace,
  redactBody: (headers: HeaderList, body: Body) => Body,
): Uint8Array | undefined {
  const before = readHttpPart(bytes);
  if (before === null) return undefined;
  const start = redactStart(before.start, place);
  const headers = redactPartFields(before.headers, place);
  const body = redactBody(before.headers, before.body);
  if (start === before.start && headers === before.headers && body === before.body) return bytes;
  return writeHttpPart({ ...before, start, headers: asCoded(headers, before.body, body), body });
}

function redactStart(start: HttpPart['start'], place: PartPlace): HttpPart['start'] {
  if (start.kind === 'response') {
    const reason = redactLine(start.reason, ['status'], { ...place, ledger: ledgerAt(place) });
    return reason === start.reason ? start : { ...start, reason };
  }
  const target = redactTarget(start.target, { ...place, ledger: ledgerAt(place) });
  return target === start.target ? start : { ...start, target };
}

/** Header fields in a body. A rule may name the place in the body as well; what it says of all that lies there it does not say of `told` fields. */
export function redactPartFields(
  headers: HeaderList,
  place: PartPlace,
  told: (name: string) => boolean = () => false,
): HeaderList {
  const named = headers.map(([name, value]): readonly [string, string] => {
    const path = [...place.path, 'header', name.toLowerCase()];
    const rule = value === '' || told(name) ? undefined : ruleCovering(place.rules, path);
    return rule === undefined ? [name, value] : [name, place.ledger.take(value, rule, path)];
  });
  const isSame = named.every(([, value], i) => value === headers[i]?.[1]);
  const names = createHeaderNames(place.detection);
  return redactHeaders(isSame ? headers : named, { ...place, ledger: ledgerAt(place), root: 'header', names });
}

/** A body that changed is kept without its coding, and nothing else here says that it has none. */
function asCoded(headers: HeaderList, before: Body, after: Body): HeaderList {
  if (before.codings.length === 0 || after.codings.length > 0) return headers;
  return headers.filter(([name]) => name.toLowerCase() !== 'content-encoding');
}

function ledgerAt({ ledger, path: at }: PartPlace): Ledger {
  return {
    get entries() {
      return ledger.entries;
    },
    get taken() {
      return ledger.taken;
    },
    take: (secret, rule, path, as) => ledger.take(secret, rule, [...at, ...path], as),
  };
}
