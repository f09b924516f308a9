/** Header fields as HTTP/2 has them: names in lower case, nothing of a connection, cookies in crumbs (RFC 9113 8.2). */
import type { OutgoingHttpHeaders } from 'node:http2';
import { hopByHop } from '../../../../tape/http/hop-by-hop';
import type { FlatHeaders } from '../asked';

/** What a request says in fields, without pseudo-headers and Host; its cookie crumbs are one field, where the first stood. */
export function regularFields(raw: FlatHeaders): FlatHeaders {
  const fields: string[] = [];
  let cookieAt = -1;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    if (name.startsWith(':') || name === 'host') continue;
    if (name === 'cookie' && cookieAt >= 0) {
      fields[cookieAt] += `; ${value}`;
      continue;
    }
    if (name === 'cookie') cookieAt = fields.length + 1;
    fields.push(name, value);
  }
  return fields;
}

/** Repeats are kept; a value that begins or ends with a space is one that clients must refuse. */
export function outgoingFields(flat: FlatHeaders): OutgoingHttpHeaders {
  const fields: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = (flat[i] ?? '').toLowerCase();
    const value = (flat[i + 1] ?? '').trim();
    if (hopByHop.has(name)) continue;
    const known = fields[name];
    if (known === undefined) fields[name] = value;
    else fields[name] = typeof known === 'string' ? [known, value] : [...known, value];
  }
  return fields;
}

/** Each field once. */
function folded(fields: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      Array.isArray(value) && name !== 'set-cookie' ? value.join(', ') : value,
    ]),
  );
}

/** Node refuses to repeat a field that has one value; as one line it means the same (RFC 9110 5.3). */
export function respondingWith(fields: OutgoingHttpHeaders, send: (fields: OutgoingHttpHeaders) => void): void {
  try {
    send(fields);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_HTTP2_HEADER_SINGLE_VALUE') throw error;
    send(folded(fields));
  }
}

/** The date of an answer is the recorded one, or none. Node knows the option; its types do not. */
export const noDate = { sendDate: false };
