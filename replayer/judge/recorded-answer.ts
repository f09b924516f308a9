/** The recorded answer of a case by places: what stands on the tape where the comparison had a translated value. */

import { type BodyView, jsonIn, viewBody } from '../../tape/body/view';
import { isJsonObject, type JsonValue } from '../../tape/json/json';
import type { HeaderList } from '../../tape/model/body';
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
    const { headers, body } = this.context.test.response;
    this.body ??= viewBody(headers, body);
    return valueAt({ headers, body: this.body }, found) ?? given;
  }
}

/** The value at the place of a difference in another version of the same message. */
export function valueAt(
  message: { readonly headers: HeaderList; readonly body: BodyView },
  found: Found,
): JsonValue | undefined {
  const path = leafOf(found);
  const json = jsonIn(message.body);
  if (path[0] === 'body' && json !== undefined) return jsonAt(json, path.slice(1));
  if (isDescription(found)) return undefined;
  if (path[1] === 'set-cookie' && found.leaf === undefined) return wholeCookie(message.headers, found);
  return textAt(message.headers, message.body, path);
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
