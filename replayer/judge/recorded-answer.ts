/** The recorded answer of a case by places: what stands on the tape where the comparison had a translated value. */

import { messageAt, type PartMessage } from '../../tape/body/parts';
import { type BodyView, jsonIn, viewBody } from '../../tape/body/view';
import { isJsonObject, type JsonValue } from '../../tape/json/json';
import type { HeaderList } from '../../tape/model/body';
import type { Path } from '../../tape/model/path';
import { jsonAt, textAt } from '../correlate/places';
import type { JudgeContext } from './context';
import { type Found, leafOf } from './difference';

export class RecordedAnswer {
  private body: BodyView | undefined;

  constructor(private readonly context: JudgeContext) {}

  /** The value of a difference as it stands on the tape. */
  valueOf(found: Found): JsonValue | undefined {
    const given = found.recorded ?? found.expected;
    if (this.context.expected === null || given === undefined || found.kind === 'unchanged') return given;
    return valueAt({ headers: this.context.test.response.headers, body: this.view() }, found) ?? given;
  }

  /** The message in a part of the body that a path leads into. */
  messageAt(path: Path): PartMessage | undefined {
    return messageAt(this.view(), path)?.within;
  }

  private view(): BodyView {
    const { headers, body } = this.context.test.response;
    this.body ??= viewBody(headers, body);
    return this.body;
  }
}

/** The value at the place of a difference in another version of the same message. */
export function valueAt(
  message: { readonly headers: HeaderList; readonly body: BodyView },
  found: Found,
): JsonValue | undefined {
  const path = leafOf(found);
  const inner = messageAt(message.body, path);
  if (inner !== null) return valueInPart(inner, found);
  const json = jsonIn(message.body);
  if (path[0] === 'body' && json !== undefined) return jsonAt(json, path.slice(1));
  if (isDescription(found)) return undefined;
  if (path[1] === 'set-cookie' && found.leaf === undefined) return wholeCookie(message.headers, found);
  return textAt(message.headers, message.body, path);
}

function valueInPart({ within, rest }: NonNullable<ReturnType<typeof messageAt>>, found: Found): JsonValue | undefined {
  const { start, headers } = within.message;
  if (rest[0] === 'status') return start.kind === 'response' ? start.status : undefined;
  const { leaf: _leaf, part: _part, ...own } = found;
  const isWhole = found.leaf === undefined;
  return valueAt({ headers, body: within.body }, isWhole ? { ...own, path: rest } : { ...own, path: rest, leaf: rest });
}

/** A cookie that came or went is shown with its value; attributes alone are shown as they are. */
function wholeCookie(headers: HeaderList, found: Found): string | undefined {
  if (found.kind === 'changed') return undefined;
  const values = headers.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value);
  return values[Number(found.path[2] ?? 0)];
}

/** Sizes and hashes stand for bytes that are not printed. */
function isDescription(found: Found): boolean {
  return isJsonObject(found.expected) || isJsonObject(found.actual);
}
