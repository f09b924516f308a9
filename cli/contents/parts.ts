/** What views of several protocols are made of: fields, and bodies as lines or as JSON. Pure. */
import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { decodeBody } from '../../tape/body/coding';
import type { Body, HeaderList } from '../../tape/model/body';
import { shownBody } from '../body-text';
import { visibleLine, visibleWire } from '../terminal';
import type { BodyJson, Colors, ShownMessage } from './content-view';

/** A heading that says what the body is, the opening lines, fields, body and trailers. */
export function messageLines(
  name: string,
  opening: readonly string[],
  message: ShownMessage,
  colors: Colors,
): readonly string[] {
  const { kind, problem, lines } = shownBody(message.type ?? message.headers, message.body);
  const body = lines.length === 0 ? [] : ['', ...lines];
  const trailers =
    message.trailers.length === 0 ? [] : ['', colors.dim('trailers'), ...headerLines(message.trailers, colors)];
  return [
    `${colors.bold(name)}${kind === '' ? '' : colors.dim(`  body: ${kind}`)}${problem === null ? '' : colors.yellow(`  ! ${visibleLine(problem)}`)}`,
    ...opening,
    ...headerLines(message.headers, colors),
    ...body,
    ...trailers,
  ];
}

export function headerLines(headers: HeaderList, colors: Colors): readonly string[] {
  return headers.map(([name, value]) => `${colors.cyan(visibleWire(name))}: ${visibleWire(value)}`);
}

export function bodyJson(body: Body): BodyJson {
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
