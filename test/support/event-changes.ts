/** Events as a worse recorder would have had them: in smaller pieces, with holes, from the middle on. */
import type { DataEvent, OpenEvent, SourceEvent } from '../../recorder/source/events';
import { seededRandom } from './seeded-random';

/** A whole number from 0 up to the limit, which is not among them. */
export type Below = (limit: number) => number;

export function belowOf(seed: string | number): Below {
  const random = seededRandom(seed);
  return (limit) => Math.floor(random() * limit);
}

export function cut(events: readonly SourceEvent[], size: number): SourceEvent[] {
  return events.flatMap((event): readonly SourceEvent[] => (event.kind === 'data' ? piecesOf(event, size) : [event]));
}

function piecesOf(event: DataEvent, size: number): DataEvent[] {
  return Array.from({ length: Math.ceil(event.bytes.length / size) }, (_, i) => {
    const bytes = event.bytes.subarray(i * size, (i + 1) * size);
    return { ...event, position: event.position + i * size, bytes, size: bytes.length };
  });
}

/** The recorder starts in front of an event; positions and totals count from there. */
export function joinedAt(events: readonly SourceEvent[], place: number): SourceEvent[] {
  const base = { sent: 0, received: 0 };
  for (const event of events.slice(0, place)) if (event.kind === 'data') base[event.direction] += event.size;
  const rest = events.slice(Math.max(1, place)).map((event): SourceEvent => {
    if (event.kind === 'data') return { ...event, position: event.position - base[event.direction] };
    if (event.kind !== 'close') return event;
    const { sentTotal, receivedTotal } = event;
    return { ...event, sentTotal: (sentTotal ?? 0) - base.sent, receivedTotal: (receivedTotal ?? 0) - base.received };
  });
  return [{ ...(events[0] as OpenEvent), startedEarlier: true }, ...rest];
}

/** Some events in a row do not come at all, or come without all their bytes. */
export function withHole(events: readonly SourceEvent[], below: Below): SourceEvent[] {
  const from = 1 + below(events.length - 1);
  const to = from + 1 + below(4);
  const dropped = below(2) === 0;
  return events.flatMap((event, i): SourceEvent[] => {
    if (event.kind !== 'data' || i < from || i >= to) return [event];
    return dropped
      ? []
      : [{ ...event, bytes: event.bytes.subarray(0, below(event.bytes.length)), missing: 'ring-full' }];
  });
}

/** The bytes of one event are missing. */
export function withHoleAt(events: readonly SourceEvent[], place: number): SourceEvent[] {
  return events.map((event, i) =>
    i === place && event.kind === 'data' ? { ...event, bytes: Buffer.alloc(0), missing: 'ring-full' as const } : event,
  );
}

/** Which events have bytes. */
export function dataPlaces(events: readonly SourceEvent[]): number[] {
  return events.flatMap((event, i) => (event.kind === 'data' ? [i] : []));
}
