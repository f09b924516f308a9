/** What holds for the events of every source, whatever it reads. */
import type { SourceEvent } from '../../recorder/source/events';

/** Opens come first and once, closes last and once; positions count up without overlap; nothing is there twice. */
export function checkEvents(events: readonly SourceEvent[]): void {
  const open = new Map<number, { sent: number; received: number; isClosed: boolean }>();
  for (const event of events) {
    if (event.kind === 'loss' && event.connection === null) continue;
    const key = event.connection as number; // only a loss has none
    if (event.kind === 'open') {
      expect(open.has(key)).toBe(false);
      open.set(key, { sent: 0, received: 0, isClosed: false });
      continue;
    }
    const connection = open.get(key);
    if (connection === undefined || connection.isClosed)
      throw new Error(`${event.kind} of connection ${key}, which is not open`);
    if (event.kind === 'close') connection.isClosed = true;
    if (event.kind !== 'data') continue;
    expect(event.bytes.length).toBeLessThanOrEqual(event.size);
    expect(event.missing !== null).toBe(event.bytes.length < event.size);
    expect(event.position).toBeGreaterThanOrEqual(connection[event.direction]);
    connection[event.direction] = event.position + event.size;
  }
}
