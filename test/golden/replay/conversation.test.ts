/** The reports of a conversation that went another way, from a real one with a server that changed. */
import type { WebSocket } from 'ws';
import { casesFrom } from '../../../replayer/cases/cases';
import { parseTarget } from '../../../replayer/drive/target';
import { consoleFormat } from '../../../replayer/report/console';
import { json } from '../../../replayer/report/json';
import { junit } from '../../../replayer/report/junit';
import { runSuite, type SuiteOutcome } from '../../../replayer/run';
import type { Message } from '../../../tape/model/message';
import type { StoredExchange } from '../../../tape/store/tape';
import { expectGolden } from '../../support/golden';
import { listenForSockets } from '../../support/recorded-socket';
import { finishedRun, rendered } from '../../support/reports';
import { suiteDefaults } from '../../support/suite-defaults';
import { bodyOf, epochUs, exchangeOf, messageOf, responseOf } from '../../support/tapes';

/** One message each 10 ms. */
function conversation(...said: readonly (readonly [Message['from'], string])[]): StoredExchange {
  const messages = said.map(([from, text], i) => {
    const atUs = epochUs + (i + 1) * 10_000;
    return messageOf(text, { from, startedAtUs: atUs, endedAtUs: atUs });
  });
  const response = responseOf({
    status: 101,
    reason: 'Switching Protocols',
    headers: [
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
    ],
    body: bodyOf(''),
    startedAtUs: epochUs,
    endedAtUs: epochUs,
  });
  const durationUs = (said.length + 1) * 10_000;
  const exchange = exchangeOf({ protocol: 'websocket', response, messages, durationUs });
  return { id: '7', session: '1', connectionId: '3', causeId: null, exchange, redacted: [] };
}

/** Prices are other ones, news come in between, and nobody says goodbye. */
function changed(socket: WebSocket): void {
  socket.on('message', (data) => {
    const { type } = JSON.parse(data.toString());
    if (type !== 'watch') return;
    socket.send('{"type":"news","text":"all prices are new"}');
    socket.send('{"type":"price","sku":"tea-assam","price":5}');
    socket.send('{"type":"price","sku":"pot-glass","price":"19.00"}');
  });
}

const recorded = conversation(
  ['client', '{"type":"watch","skus":["tea-assam","pot-glass"]}'],
  ['server', '{"type":"price","sku":"tea-assam","price":4.5}'],
  ['server', '{"type":"price","sku":"pot-glass","price":19}'],
  ['client', '{"type":"bye"}'],
  ['server', '{"type":"goodbye","seen":2}'],
  ['client', '{"type":"never said"}'],
);

let outcome: SuiteOutcome;

beforeAll(async () => {
  const service = await listenForSockets(changed);
  try {
    const options = { ...suiteDefaults, target: parseTarget(service.url), timeoutMs: 1_990 };
    outcome = await runSuite(casesFrom([recorded]), options);
  } finally {
    await service.close();
  }
});

/** Without what the clock says. */
function finished() {
  const { report, notes } = outcome;
  return finishedRun(report, { notes });
}

it('tells people which message differs, which is new, and which did not come', () => {
  expectGolden('replay/expected/conversation-console.txt', rendered(consoleFormat, finished()));
});

it('says the same as JSON', () => {
  expectGolden('replay/expected/conversation-report.json', rendered(json, finished()));
});

it('says the same as JUnit XML', () => {
  expectGolden('replay/expected/conversation-junit.xml', rendered(junit, finished()));
});
