/**
 * Header fields as the head of a request or of a response (RFC 9113, 8.3): pseudo-headers become what they mean. Says
 * null where what makes a request, or a response, is not among the fields; never fills in for it. Pure.
 */
import type { HeaderList } from '../../../tape/model/body';

export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly authority?: string;
  readonly scheme?: string;
  readonly protocol?: string;
  readonly headers: HeaderList;
}

export interface ResponseHead {
  readonly status: number;
  readonly headers: HeaderList;
}

export function requestHead(fields: HeaderList): RequestHead | null {
  const method = pseudo(fields, ':method');
  const authority = pseudo(fields, ':authority');
  const path = pseudo(fields, ':path');
  const headers = regularFields(fields);
  if (method === undefined) return null;
  // RFC 9113, 8.5: a CONNECT names the other end of its tunnel, and has no path; RFC 8441, 4 gives it one.
  if (method === 'CONNECT' && path === undefined) {
    return authority === undefined ? null : { method, target: authority, headers };
  }
  if (path === undefined) return null;
  const scheme = pseudo(fields, ':scheme');
  const protocol = pseudo(fields, ':protocol');
  return {
    method,
    target: path,
    ...(authority === undefined ? {} : { authority }),
    ...(scheme === undefined ? {} : { scheme }),
    ...(protocol === undefined ? {} : { protocol }),
    headers,
  };
}

export function responseHead(fields: HeaderList): ResponseHead | null {
  const status = pseudo(fields, ':status');
  return status !== undefined && /^[1-9]\d\d$/.test(status)
    ? { status: Number(status), headers: regularFields(fields) }
    : null;
}

/** Those of trailers too. */
export function regularFields(fields: HeaderList): HeaderList {
  return fields.filter(([name]) => !name.startsWith(':'));
}

export function hasPseudo(fields: HeaderList): boolean {
  return fields.some(([name]) => name.startsWith(':'));
}

/** Characters of names and values: what holding them takes. */
export function textSize(fields: HeaderList): number {
  return fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}

function pseudo(fields: HeaderList, name: string): string | undefined {
  return fields.find(([key]) => key === name)?.[1];
}
