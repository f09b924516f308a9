import { mocksFrom } from '../../../../replayer/mocks/mock';
import { type BookOptions, bookOf } from '../../../../replayer/sandbox/book';
import { calls } from '../../../support/mocks';

const outbound = calls(
  { host: 'payments:8443', tls: true, remote: '10.0.0.7:8443' },
  { host: 'a.cdn.test', remote: '10.0.0.8:80' },
  { host: 'b.cdn.test', remote: '10.0.0.8:80' },
  { host: 'six.test', remote: '[2001:db8::7]:80' },
  { host: 'localhost:9000', remote: '127.0.0.1:9000' },
  { host: '10.0.0.9:8080', remote: '10.0.0.9:8080' },
  { host: 'shop.test:3000', remote: '127.0.0.1:3000' },
);
const options: BookOptions = {
  outbound,
  upstreams: mocksFrom(outbound).upstreams,
  raw: ['10.0.0.5:6379'],
  allowed: [
    { host: 'db.test', port: 5432 },
    { host: '127.0.0.1', port: 5433 },
  ],
  ownPort: 3000,
};
const book = bookOf(options);

function meant(address: string, port: number): string {
  const found = book.meant(address, port);
  return `${found.kind} ${found.kind === 'mock' ? found.upstream : found.name}`;
}

it('gives every name of the tape addresses of its own, of the families it was called at', () => {
  expect([...book.names]).toEqual([
    ['payments', { v4: '198.18.0.1', v6: null }],
    ['a.cdn.test', { v4: '198.18.0.2', v6: null }],
    ['b.cdn.test', { v4: '198.18.0.3', v6: null }],
    ['six.test', { v4: null, v6: '2001:db8:1::4' }],
    ['shop.test', { v4: '198.18.0.5', v6: null }],
    ['db.test', { v4: '198.18.0.6', v6: null }],
  ]);
});

it('keeps loopback ports of others, those let through among them, and not the port of the build', () => {
  expect(book.loopbackPorts).toEqual([5433, 9000]);
});

it.each([
  ['198.18.0.1', 8443, 'mock payments:8443'],
  ['198.18.0.1', 80, 'unrecorded payments:80'],
  ['10.0.0.7', 8443, 'mock payments:8443'], // by the address it had
  ['10.0.0.8', 80, 'mock null'], // the request says which
  ['198.18.0.3', 80, 'mock b.cdn.test:80'],
  ['2001:db8:1::4', 80, 'mock six.test:80'],
  ['2001:db8::7', 80, 'mock six.test:80'],
  ['127.0.0.1', 9000, 'mock localhost:9000'],
  ['10.0.0.9', 8080, 'mock 10.0.0.9:8080'],
  ['10.0.0.5', 6379, 'bytes 10.0.0.5:6379'],
  ['198.18.0.6', 5432, 'allowed db.test:5432'],
  ['127.0.0.1', 5433, 'allowed 127.0.0.1:5433'],
  ['198.51.100.1', 443, 'unrecorded 198.51.100.1:443'],
])('takes %s port %i for %s', (address, port, whom) => {
  expect(meant(address, port)).toBe(whom);
});

it('knows what is on the tape and cannot be served', () => {
  const none = bookOf({ ...options, upstreams: [] });
  expect(none.meant('10.0.0.7', 8443)).toEqual({ kind: 'unserved', name: '10.0.0.7:8443' });
});
