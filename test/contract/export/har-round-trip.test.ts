/** What is written as HAR and read again is the same: for real files of several tools, and for exchanges with everything in them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { har as exporter } from '../../../tape/export/har';
import { har as importer } from '../../../tape/import/har';
import type { Exchange } from '../../../tape/model/exchange';
import { httpOf } from '../../../tape/model/registry';
import type { StoredExchange } from '../../../tape/store/tape';
import { exported, sampleExchanges } from '../../support/exporting';
import { corpusAt, decoded, fileOf, imported } from '../../support/importing';

function storedFrom(exchanges: readonly Exchange[]): readonly StoredExchange[] {
  return exchanges.map((exchange) => ({
    id: String(exchange.number),
    session: '1',
    connectionId: String(exchange.connection.key),
    causeId: null,
    exchange,
    redacted: [],
  }));
}

const again = async (stored: readonly StoredExchange[], direction: 'inbound' | 'outbound' = 'inbound') =>
  imported(importer, fileOf('again.har', (await exported(exporter, stored)).text), direction).exchanges;

const folder = corpusAt('har/har_files');
const names = ['charles', 'firefox', 'safari', 'insomnia', 'postdata', 'with-bom', 'head-content-length'];

(folder === undefined ? describe.skip : describe)('real files', () => {
  it.each(names)('%s', async (name) => {
    const file = fileOf(`${name}.har`, readFileSync(join(folder ?? '', `${name}.har`)));
    const { exchanges } = imported(importer, file);
    expect(await again(storedFrom(exchanges))).toEqual(exchanges);
  });
});

/** A HAR has no place for codings, nor for two ends of a connection: what it tells is compared. */
function toldOf(exchange: Exchange) {
  const { request, response } = httpOf(exchange) ?? {};
  const messages = [request ?? null, response ?? null].map((message) =>
    message === null ? null : { ...message, body: decoded(message).toString('base64') },
  );
  const { startedAtUs, durationUs, outcome, problems } = exchange;
  return { startedAtUs, durationUs: response == null ? null : durationUs, outcome, problems, messages };
}

it('exchanges with everything in them', async () => {
  const samples = sampleExchanges().filter(({ exchange }) => exchange.problems[0] !== 'cut-short');
  const back = await again(samples);
  expect(back.map(toldOf)).toEqual(samples.map(({ exchange }) => toldOf(exchange)));
});
