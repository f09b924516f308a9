/** What `ls` and `show` say of the shop's tape: the table, the pages and the JSON that scripts rely on. */
import pc from 'picocolors';
import { exchangeJson, summaryJson } from '../../../cli/exchange-json';
import { pageLines } from '../../../cli/exchange-page';
import { tableLines, tableSummary } from '../../../cli/exchange-table';
import { openTapeReader } from '../../../tape/store/sqlite';
import type { TapeReader } from '../../../tape/store/tape';
import { expectGolden } from '../../support/golden';
import { createShopTape, type ShopTape, shopExchanges } from '../../support/shop-tape';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unsafe = /[\u0000-\u001f\u007f-\u009f\u202e]/;
const plain = pc.createColors(false);
let tape: ShopTape;
let reader: TapeReader;
beforeAll(() => {
  tape = createShopTape();
  reader = openTapeReader(tape.path);
});
afterAll(() => {
  reader.close();
  tape.remove();
});

async function table(width: number | undefined): Promise<readonly string[]> {
  const counts = { exchanges: 0, inbound: 0, outbound: 0, incomplete: 0 };
  const lines = await Array.fromAsync(tableLines(reader.summaries(), counts, { colors: plain, width }));
  return [...lines, '', ...tableSummary(counts, await reader.sessions(), {})];
}

it.each([undefined, 80, 120])('lists the tape on %s columns', async (width) => {
  const lines = await table(width);
  expectGolden(`cli/expected/ls-${width ?? 'piped'}.txt`, lines.join('\n'));
  if (width !== undefined) expect(lines.filter((line) => line.length > width && !line.includes('!'))).toEqual([]);
});

it('lists the tape as NDJSON', async () => {
  const lines = await Array.fromAsync(reader.summaries(), (summary) => JSON.stringify(summaryJson(summary)));
  expectGolden('cli/expected/ls.ndjson', lines.join('\n'));
});

describe.each(shopExchanges.map(([exchange]) => String(exchange.number)))('exchange %s', (id) => {
  const stored = async () => {
    const found = await reader.exchange(id);
    if (found === undefined) throw new Error(`there is no exchange ${id}`);
    return found;
  };

  it('is shown to people', async () => {
    expectGolden(`cli/expected/show-${id}.txt`, pageLines(await stored(), plain).join('\n'));
  });

  it('is shown to scripts', async () => {
    expectGolden(`cli/expected/show-${id}.json`, JSON.stringify(exchangeJson(await stored()), null, 2));
  });

  it('puts no control character on a terminal', async () => {
    expect([...(await table(undefined)), ...pageLines(await stored(), plain)].join('')).not.toMatch(unsafe);
  });
});
