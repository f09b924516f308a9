/** Messages as SQL sees them: what was said, and what was taken from which of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createRedactor } from '../../tape/redact/redactor';
import { openTapeReader, openTapeWriter } from '../../tape/store/sqlite';
import { exchangeOf, messageOf, sessionStart } from '../support/tapes';

const folder = mkdtempSync(join(tmpdir(), 'wiretape-messages-'));
const path = join(folder, 'a.tape');
const secret = 'hunter2-is-9-long';

beforeAll(() => {
  const redactor = createRedactor({ key: Buffer.alloc(32, 7), remember: true });
  const writer = openTapeWriter(path);
  const session = writer.beginSession(sessionStart);
  const stages = [
    exchangeOf({ protocol: 'websocket', outcome: 'open', messages: [messageOf(`{"n":1,"password":"${secret}"}`)] }),
    exchangeOf({ protocol: 'websocket', outcome: 'open', messagesBefore: 1, messages: [messageOf('{"n":2}')] }),
    exchangeOf({ protocol: 'websocket', messagesBefore: 2, messages: [messageOf(`{"n":3,"said":"${secret}"}`)] }),
  ];
  for (const stage of stages) writer.append(session, [redactor.redact(stage)]);
  writer.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

function ask(sql: string): unknown {
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

it('are texts that JSON functions read', () => {
  expect(ask("SELECT ordinal, sender, kind, body ->> '$.n' AS n FROM message_texts ORDER BY ordinal")).toEqual(
    [0, 1, 2].map((ordinal) => ({ ordinal, sender: 'client', kind: 'text', n: ordinal + 1 })),
  );
  expect(JSON.stringify(ask('SELECT body FROM message_texts'))).not.toContain(secret);
});

it('keep what was taken from each, however often the exchange was written', async () => {
  const places = ['message[0].body.password', 'message[2].body.said'];
  expect(ask('SELECT path, message FROM redactions ORDER BY path')).toEqual(
    places.map((place) => ({ path: place, message: 'request' })),
  );
  const reader = openTapeReader(path);
  expect((await reader.exchange('1'))?.redacted.map((entry) => entry.path)).toEqual(places);
  reader.close();
});
