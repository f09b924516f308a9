/** The library entry as tests of users call it: a tape read, and its mocks in the same process. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { openTape, startMocks } from '../../index';
import { recordedAtUs, storedExchanges } from '../support/exchanges';
import { ask, askHost } from '../support/mocks';
import { root } from '../support/source-tree';
import { writeTape } from '../support/tape-file';

const folder = mkdtempSync(join(tmpdir(), 'wiretape-library-'));
const tape = join(folder, 'shop.tape');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  writeTape(
    tape,
    storedExchanges(
      {
        direction: 'inbound',
        connection: 'served',
        host: 'shop.test',
        target: '/orders?x=1',
        responseBody: { orders: [1, 2] },
      },
      {
        direction: 'inbound',
        connection: 'served',
        host: 'localhost:8080',
        method: 'POST',
        target: '/orders',
        requestBody: { item: 7 },
        status: 201,
      },
      {
        direction: 'outbound',
        connection: 'made',
        host: 'payments:8080',
        target: '/rates',
        responseHeaders: [
          ['Content-Type', 'application/json'],
          ['Content-Encoding', 'gzip'],
        ],
        responseBody: gzipSync('{"rate":1.2}'),
      },
      {
        direction: 'outbound',
        connection: 'made',
        host: 'payments:8080',
        target: '/lost',
        response: 'none',
        problems: ['lost-bytes'],
      },
    ),
  );
});

describe('openTape', () => {
  it('gives the exchanges in the order they began, as the filter wants them', async () => {
    await using opened = await openTape(tape);
    const shown = async (filter = {}) =>
      (await Array.fromAsync(opened.exchanges(filter))).map(({ id, verb, target }) => `${id} ${verb} ${target}`);
    expect(await shown()).toEqual(['1 GET /orders?x=1', '2 POST /orders', '3 GET /rates', '4 GET /lost']);
    expect(await shown({ direction: 'inbound' })).toEqual(['1 GET /orders?x=1', '2 POST /orders']);
    expect(await shown({ include: 'POST */orders' })).toEqual(['2 POST /orders']);
    expect(await shown({ exclude: ['* */orders', '* */lost'] })).toEqual(['3 GET /rates']);
    await expect(shown({ include: 'orders' })).rejects.toThrow(/not METHOD host\/path/);
  });

  it('gives bodies decoded, times as dates, and what is missing', async () => {
    await using opened = await openTape(tape);
    const rates = await opened.exchange('3');
    expect(rates?.response?.body.json()).toEqual({ rate: 1.2 });
    expect(Buffer.from(rates?.response?.body.bytes ?? []).toString()).toBe('{"rate":1.2}');
    expect(rates?.request?.body.text()).toBe('');
    expect(rates?.response?.headers).toContainEqual(['Content-Encoding', 'gzip']);
    expect(await opened.exchange('1')).toMatchObject({
      direction: 'inbound',
      authority: 'shop.test',
      result: '200',
      problems: [],
    });
    expect((await opened.exchange('1'))?.startedAt).toEqual(new Date(recordedAtUs / 1000));
    expect(await opened.exchange('4')).toMatchObject({ response: null, problems: ['lost-bytes'] });
    expect(await opened.exchange('5')).toBeUndefined();
    expect(await opened.sessions()).toMatchObject([{ id: '1', exchanges: 4 }]);
  });

  it('refuses what is no tape as the commands do', async () => {
    await expect(openTape(join(folder, 'missing.tape'))).rejects.toEqual(
      expect.objectContaining({ code: 'TAPE_MISSING' }),
    );
    writeFileSync(join(folder, 'text.tape'), 'a text');
    await expect(openTape(join(folder, 'text.tape'))).rejects.toEqual(
      expect.objectContaining({ code: 'TAPE_FOREIGN' }),
    );
  });
});

describe('startMocks', () => {
  it('serves what the service called', async () => {
    await using mocks = await startMocks(tape);
    expect([...mocks.urls.keys()]).toEqual(['payments:8080']);
    // Compressed, as the recorded client got it, which said of codings as little.
    const { bytes } = await ask(`${mocks.urlOf('payments:8080')}/rates`);
    expect(gunzipSync(bytes).toString()).toBe('{"rate":1.2}');
    expect((await askHost(mocks.url, 'payments:8080', '/rates')).status).toBe(200);
    expect(mocks.misses()).toEqual([]);
    mocks.noMisses();
    expect(mocks.unused()).toEqual([]);
    expect(() => mocks.urlOf('payments')).toThrow(/There is no upstream "payments"/);
  });

  it('serves the service itself, under any Host, of a tape that is open', async () => {
    await using opened = await openTape(tape);
    await using mocks = await startMocks(opened, { serve: 'inbound' });
    expect(JSON.parse((await ask(`${mocks.url}/orders?x=1`)).text)).toEqual({ orders: [1, 2] });
    expect((await askHost(mocks.url, 'anything.example:99', '/orders?x=1')).status).toBe(200);
    expect((await askHost(mocks.url, 'payments:8080', '/rates')).status).toBe(502);
    expect(mocks.unused()).toEqual(['2']);
  });

  it('says what nobody recorded, and lets a test end with that', async () => {
    await using mocks = await startMocks(tape);
    expect((await ask(`${mocks.urlOf('payments:8080')}/rate`)).status).toBe(502);
    expect(mocks.misses()).toEqual([expect.stringMatching(/MOCK_MISS.*GET http:\/\/payments:8080\/rate/)]);
    expect(() => mocks.noMisses()).toThrow(/MOCK_MISS/);
    expect(mocks.unused()).toEqual(['3']);
  });

  it('leaves nothing behind', async () => {
    const mocks = await startMocks(tape);
    expect(existsSync(mocks.caFile)).toBe(true);
    await mocks.close();
    expect(existsSync(mocks.caFile)).toBe(false);
    await expect(ask(`${mocks.url}/`)).rejects.toThrow();
  });

  it('refuses where the filter leaves nothing', async () => {
    await expect(startMocks(tape, { include: '* nowhere' })).rejects.toThrow(
      expect.objectContaining({ code: 'NO_CASES' }),
    );
    await expect(startMocks(tape, { noise: join(folder, 'none.yaml') })).rejects.toThrow(
      /Cannot read .*none\.yaml: ENOENT/,
    );
  });
});

it('costs an importer neither SQLite nor a web server until they are called', () => {
  const script =
    "require('./dist'); console.log(Object.keys(require.cache).filter((file) => file.includes('node_modules')).length)";
  expect(execFileSync(process.execPath, ['-e', script], { cwd: root, encoding: 'utf8' }).trim()).toBe('0');
});
