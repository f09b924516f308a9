/** What holds for the events of every source, whatever it reads. */
import type { DataEvent, SourceEvent } from '../../recorder/source/events';

interface Seen {
  readonly spans: Record<DataEvent['direction'], { from: number; to: number }[]>;
  closes: number;
}

/** An open comes first and once, a close once; no byte of a stream is told twice; what is missing is counted. */
export function checkEvents(events: readonly SourceEvent[]): void {
  const connections = new Map<number, Seen>();
  for (const event of events) {
    if (event.kind === 'loss' && event.connection === null) continue;
    const key = event.connection as number; // only a loss has none
    const seen = connections.get(key);
    if (event.kind === 'open') {
      expect(seen).toBeUndefined();
      connections.set(key, { spans: { sent: [], received: [] }, closes: 0 });
      continue;
    }
    if (seen === undefined) throw new Error(`${event.kind} of connection ${key}, which was not opened`);
    if (event.kind === 'close') expect(++seen.closes).toBe(1);
    if (event.kind !== 'data') continue;
    expect(event.bytes.length).toBeLessThanOrEqual(event.size);
    expect(event.missing !== null).toBe(event.bytes.length < event.size);
    seen.spans[event.direction].push({ from: event.position, to: event.position + event.size });
  }
  for (const { spans } of connections.values()) for (const each of [spans.sent, spans.received]) checkSpans(each);
}

function checkSpans(spans: readonly { readonly from: number; readonly to: number }[]): void {
  const ordered = spans.toSorted((a, b) => a.from - b.from || a.to - b.to);
  for (const [i, { from }] of ordered.entries()) expect(from).toBeGreaterThanOrEqual(ordered[i - 1]?.to ?? 0);
}

/** The event with bytes of its own: those of a source are lent until its next event. */
export function kept(event: SourceEvent): SourceEvent {
  return event.kind === 'data' ? { ...event, bytes: new Uint8Array(event.bytes) } : event;
}

/** The bytes of one direction of a connection in their order, whatever order they were told in. */
export function bytesOf(events: readonly SourceEvent[], connection: number, direction: DataEvent['direction']): Buffer {
  const data = events.flatMap((event) => (event.kind === 'data' && event.connection === connection ? [event] : []));
  const ordered = data.filter((event) => event.direction === direction).sort((a, b) => a.position - b.position);
  return Buffer.concat(ordered.map(({ bytes }) => bytes));
}
