/** Everything right of the addon, as `wiretape record` composes it, fed from memory. Nothing is left out or simplified. */

import { setImmediate as turn } from 'node:timers/promises';
import { makeSieve, textOf } from '../../native/binding';
import { createPipeline } from '../../recorder/pipeline';
import { Binder } from '../../recorder/source/ebpf/bind/bind';
import { decodeBatch } from '../../recorder/source/ebpf/decode/decode';
import type { SourceEvent } from '../../recorder/source/events';
import type { Exchange } from '../../tape/model/exchange';
import type { Redacted } from '../../tape/redact/redacted';
import { createRedactor } from '../../tape/redact/redactor';
import { openQueuedWriter } from '../../tape/store/sqlite';
import { asRedacted, sessionStart } from '../../test/support/tapes';
import type { EventLog } from './event-log';

const key = Buffer.alloc(32, 7);
const tools = { textOf, makeSieve };
const clockOffsetUs = sessionStart.startedAtUs;

/** Decodes, binds, follows and parses. */
export function parseLog(log: EventLog): void {
  playLog(log, asRedacted);
}

function playLog(log: EventLog, redact: Redact): void {
  const feed = feeder(redact, () => undefined);
  for (const batch of log.batches) feed.push(batch);
  feed.end();
}

export function redactLog(log: EventLog): void {
  const redactor = createRedactor({ key, remember: true, tools });
  playLog(log, (exchange) => redactor.redact(exchange));
}

/** The whole of it; resolves once the tape is closed. The clock starts when the tape is open. */
export async function logToTape<T>(
  log: EventLog,
  tape: string,
  timed: (work: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const writer = await openQueuedWriter(tape);
  const session = await writer.beginSession(sessionStart);
  return timed(async () => {
    const redactor = createRedactor({ key, remember: true, tools });
    let outgoing: Redacted<Exchange>[] = [];
    const feed = feeder(
      (exchange) => redactor.redact(exchange),
      (exchange) => outgoing.push(exchange),
    );
    const handOver = async () => {
      const exchanges = outgoing;
      outgoing = [];
      if (!writer.append(session, exchanges)) await writer.drained();
    };
    for (const batch of log.batches) {
      feed.push(batch);
      await handOver();
      await turn(); // the addon hands over each batch in a turn of the event loop of its own
    }
    feed.end();
    await handOver();
    writer.endSession(session, { endedAtUs: clockOffsetUs, reason: 'interrupted' });
    await writer.close();
  });
}

type Redact = (exchange: Exchange) => Redacted<Exchange>;

function feeder(redact: Redact, onExchange: (exchange: Redacted<Exchange>) => void) {
  const pipeline = createPipeline({ redact, onExchange, onLoss: refuseLoss });
  let events: SourceEvent[] = [];
  const binder = new Binder({ clockOffsetUs, onEvent: (event) => events.push(event) });
  return {
    push(batch: Buffer): void {
      for (const event of decodeBatch(batch)) binder.push(event);
      const bound = events;
      events = [];
      pipeline.push(bound);
    },
    end: () => pipeline.end(clockOffsetUs),
  };
}

function refuseLoss({ reason, bytes }: { readonly reason: string; readonly bytes: number }): void {
  throw new Error(`the event log is not whole: ${bytes} bytes ${reason}`);
}
