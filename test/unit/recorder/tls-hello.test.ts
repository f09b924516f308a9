/** The hellos of OpenSSL, as Node.js writes them, read for what they offer and whom they ask for. */
import { answerIn, helloInRecords, onlyOffer } from '../../../recorder/source/tls-hello';
import { clientHello } from '../../support/client-hello';

it.each([
  [['h2', 'http/1.1'], null],
  [['h2'], 'h2'],
  [['http/1.1'], 'http/1.1'],
  [[], null],
])('finds the offers %j', async (offers, only) => {
  const bytes = await clientHello(offers);
  expect(helloInRecords(bytes).offers).toEqual(offers);
  expect(onlyOffer(helloInRecords(bytes).offers)).toBe(only);
});

it.each([
  ['Api.Example', 'api.example'],
  [undefined, null],
])('finds the host that is asked for: %j', async (servername, serverName) => {
  expect(helloInRecords(await clientHello(['h2'], servername))).toEqual({ offers: ['h2'], serverName });
});

it('finds no half of a name', async () => {
  const bytes = await clientHello(['h2'], 'api.example');
  for (let length = 0; length < bytes.length; length++) {
    expect([null, 'api.example']).toContain(helloInRecords(bytes.subarray(0, length)).serverName);
  }
});

it('finds them in a hello that is cut into records', async () => {
  const bytes = await clientHello(['h2']);
  const body = bytes.subarray(5);
  const record = (piece: Buffer) => Buffer.concat([Buffer.of(22, 3, 1, piece.length >> 8, piece.length & 255), piece]);
  const cut = Buffer.concat([record(body.subarray(0, 90)), record(body.subarray(90))]);
  expect(helloInRecords(cut).offers).toEqual(['h2']);
});

it('says nothing of a hello that is cut, garbled, or none', async () => {
  const bytes = await clientHello(['h2']);
  for (let length = 0; length < bytes.length; length++) {
    expect(['[]', '["h2"]']).toContain(JSON.stringify(helloInRecords(bytes.subarray(0, length)).offers));
  }
  for (let at = 0; at < bytes.length; at++) {
    const garbled = Buffer.from(bytes);
    garbled[at] = 0xff;
    expect(() => helloInRecords(garbled)).not.toThrow();
  }
  expect(helloInRecords(Buffer.from('GET / HTTP/1.1\r\n\r\n')).offers).toEqual([]);
});

it('leaves out names that are no words: clients offer some to see whether anybody minds', () => {
  const list = Buffer.from([2, 0x0a, 0x0a, 2, 0x68, 0x32]);
  const extension = Buffer.from([0, 16, 0, list.length + 2, 0, list.length, ...list]);
  expect(answerIn(Buffer.from([0, extension.length, ...extension]))).toBe('h2');
});
