/** What a capture file becomes: its events, and the exchanges that the pipeline makes of them. */
import { createHeaderInflater } from '../../native/binding';
import { importCapture } from '../../recorder/import-capture';
import type { SourceEvent } from '../../recorder/source/events';
import { openPcapSource } from '../../recorder/source/pcap';
import type { Exchange } from '../../tape/model/exchange';
import { createRedactor } from '../../tape/redact/redactor';
import { kept } from './source-contract';

export interface Captured {
  readonly events: readonly SourceEvent[];
  readonly notes: readonly string[];
}

export function eventsOf(bytes: Buffer, keyLog = '', direction: 'inbound' | 'outbound' = 'inbound'): Captured {
  const events: SourceEvent[] = [];
  const source = openPcapSource(bytes, { direction, keyLog, onEvents: (batch) => events.push(...batch.map(kept)) });
  if (source === null) throw new Error('it is no capture');
  while (source.read());
  return { events, notes: source.notes() };
}

export function exchangesIn(
  bytes: Buffer,
  keyLog = '',
  direction: 'inbound' | 'outbound' = 'inbound',
): { exchanges: readonly Exchange[]; notes: readonly string[] } {
  const byNumber = new Map<number, Exchange>();
  const imported = importCapture(bytes, {
    direction,
    keyLog,
    filter: {},
    redactor: createRedactor({ key: null }),
    onExchange: ({ exchange }) => byNumber.set(exchange.number, exchange),
    createHeaderDecoder: createHeaderInflater,
    protoFiles: new Map(),
    onProtoFile: () => undefined,
    onConnectionEnd: () => undefined,
    onLoss: () => undefined,
  });
  if (imported === null) throw new Error('it is no capture');
  const exchanges = [...byNumber.values()].sort((a, b) => a.number - b.number);
  return { exchanges, notes: imported.notes };
}

/** The bytes of one direction of a connection, with `<n>` for a hole of n bytes. */
export function streamOf(events: readonly SourceEvent[], direction: 'sent' | 'received', connection = 1): string {
  return events
    .flatMap((event) => (event.kind === 'data' && event.connection === connection ? [event] : []))
    .filter((event) => event.direction === direction)
    .map(({ bytes, size }) => {
      const text = Buffer.from(bytes).toString('latin1');
      return bytes.length < size ? `${text}<${size - bytes.length}>` : text;
    })
    .join('');
}
