/** Requests as the clients of several applications make them. */
import { join } from 'node:path';
import type { HeaderList } from '../../tape/model/body';
import type { Client } from './application';

/** Where the programs are that start applications. */
export const programs = join(__dirname, 'programs');

export function json(client: Client, method: string, path: string, value: unknown, headers: HeaderList = []) {
  return client.call({
    method,
    path,
    headers: [['Content-Type', 'application/json'], ...headers],
    body: JSON.stringify(value),
  });
}

/** Names and values in turn, as a form with files sends them. */
export function multipart(parts: readonly string[], headers: HeaderList) {
  const boundary = 'wiretape-7ma4ywxk';
  const fields = parts.flatMap((name, i) => {
    const type = name.includes('filename') ? '\r\nContent-Type: text/plain' : '';
    const value = `Content-Disposition: form-data; name="${name}"${type}\r\n\r\n${parts[i + 1] ?? ''}`;
    return i % 2 === 0 ? [`--${boundary}\r\n${value}\r\n`] : [];
  });
  const type = ['Content-Type', `multipart/form-data; boundary=${boundary}`] as const;
  return { headers: [type, ...headers], body: `${fields.join('')}--${boundary}--\r\n` };
}
