/** The bench's accounting, held against a tape whose losses are known: a byte too few or too many must show. */

import { isMet } from '../../../bench/measure/result';
import { type Audit, auditTape } from '../../../bench/recorded/audit';
import { honestyResults, keptResult } from '../../../bench/recorded/kept';
import { kilobyte } from '../../../bench/services';
import { openTapeWriter } from '../../../tape/store/sqlite';
import { temporaryFolder } from '../../support/programs';
import {
  asRedacted,
  bodyOf,
  type ExchangeParts,
  exchangeOf,
  requestOf,
  responseOf,
  sessionStart,
} from '../../support/tapes';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const request = requestOf({ target: '/kilobyte.json', headers: [['Host', 'h']] });
const response = responseOf({ headers: [['Content-Length', '1024']], body: bodyOf(kilobyte) });
/** GET /kilobyte.json HTTP/1.1, Host: h, an empty line. */
const requestBytes = 29 + 9 + 2;
/** HTTP/1.1 200 OK, Content-Length: 1024, an empty line, the body. */
const responseBytes = 17 + 22 + 2 + 1024;
const weight = requestBytes + responseBytes;

const whole: ExchangeParts = { request, response };
const answerLost: ExchangeParts = { request, response: null, outcome: 'lost', problems: ['lost-bytes'] };
const wrong: ExchangeParts = { request, response: { ...response, body: bodyOf(kilobyte.subarray(1)) } };

function tapeOf(name: string, exchanges: readonly ExchangeParts[], missingBytes: number): string {
  const path = folder.file(name);
  const writer = openTapeWriter(path);
  const session = writer.beginSession(sessionStart);
  writer.append(
    session,
    exchanges.map((exchange, i) => asRedacted(exchangeOf({ ...exchange, number: i + 1 }))),
  );
  // the same bytes are told twice: by the kernel's count, and by the holes of each connection
  const loss = { atUs: sessionStart.startedAtUs, events: 1, bytes: missingBytes };
  writer.noteLoss(session, { ...loss, connection: null, reason: 'ring-full' });
  writer.noteLoss(session, { ...loss, connection: 1, reason: 'hole' });
  writer.endSession(session, { endedAtUs: sessionStart.startedAtUs, reason: 'interrupted' });
  writer.close();
  return path;
}

const verdicts = (audit: Audit) => honestyResults('it', [audit]).map((result) => isMet(result));

it('counts exchanges and weighs them by the byte', () => {
  const tape = tapeOf('lossy', [whole, whole, answerLost], responseBytes + weight);
  const audit = auditTape(tape, { port: 8080, served: 4 });
  expect(audit).toEqual({
    served: 4,
    onTape: 3,
    lossy: 1,
    complete: 2,
    falselyComplete: 0,
    bytesOnTape: 2 * weight + requestBytes,
    bytesMissing: responseBytes + weight,
    bytesServed: 4 * weight,
  });
  expect(keptResult('it', [audit], { mustKeepAll: true }).ratio?.median).toBe(0.5);
  expect(verdicts(audit)).toEqual([true, true]);
});

it('shows one byte that is missing and not counted', () => {
  const tape = tapeOf('one-byte', [whole, whole, answerLost], responseBytes + weight - 1);
  expect(verdicts(auditTape(tape, { port: 8080, served: 4 }))).toEqual([false, true]);
});

it('shows an exchange that says it is complete and is not what was served', () => {
  const tape = tapeOf('wrong', [whole, wrong], 0);
  expect(auditTape(tape, { port: 8080, served: 2 })).toMatchObject({ complete: 2, falselyComplete: 1 });
  expect(verdicts(auditTape(tape, { port: 8080, served: 2 }))[1]).toBe(false);
});

it('passes over other traffic of the same process', () => {
  const tape = tapeOf('other-port', [whole], 0);
  expect(auditTape(tape, { port: 9090, served: 0 })).toMatchObject({ onTape: 0, bytesServed: null });
});

it('says nothing of honesty where no exchange is there to weigh', () => {
  const tape = tapeOf('nothing', [answerLost], responseBytes);
  expect(honestyResults('it', [auditTape(tape, { port: 8080, served: 1 })])).toEqual([]);
});
