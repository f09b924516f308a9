/** The hellos of OpenSSL, as Node.js writes them, read for what they offer. */
import { answerIn, offersInRecords, onlyOffer } from '../../../recorder/source/alpn';
import { clientHello } from '../../support/client-hello';

it.each([
  [['h2', 'http/1.1'], null],
  [['h2'], 'h2'],
  [['http/1.1'], 'http/1.1'],
  [[], null],
])('finds the offers %j', async (offers, only) => {
  const bytes = await clientHello(offers);
  expect(offersInRecords(bytes)).toEqual(offers);
  expect(onlyOffer(offersInRecords(bytes))).toBe(only);
});

it('finds them in a hello that is cut into records', async () => {
  const bytes = await clientHello(['h2']);
  const body = bytes.subarray(5);
  const record = (piece: Buffer) => Buffer.concat([Buffer.of(22, 3, 1, piece.length >> 8, piece.length & 255), piece]);
  const cut = Buffer.concat([record(body.subarray(0, 90)), record(body.subarray(90))]);
  expect(offersInRecords(cut)).toEqual(['h2']);
});

it('says nothing of a hello that is cut, garbled, or none', async () => {
  const bytes = await clientHello(['h2']);
  for (let length = 0; length < bytes.length; length++) {
    expect(['[]', '["h2"]']).toContain(JSON.stringify(offersInRecords(bytes.subarray(0, length))));
  }
  for (let at = 0; at < bytes.length; at++) {
    const garbled = Buffer.from(bytes);
    garbled[at] = 0xff;
    expect(() => offersInRecords(garbled)).not.toThrow();
  }
  expect(offersInRecords(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toEqual([]);
});

it('leaves out names that are no words: clients offer some to see whether anybody minds', () => {
  const list = Buffer.from([2, 0x0a, 0x0a, 2, 0x68, 0x32]);
  const extension = Buffer.from([0, 16, 0, list.length + 2, 0, list.length, ...list]);
  expect(answerIn(Buffer.from([0, extension.length, ...extension]))).toBe('h2');
});
