import { decodeBatch } from '../../../../recorder/source/ebpf/decode/decode';
import { batchOf, wireBytes } from '../../../support/wire-events';

const v6 = (...groups: number[]) => groups.flatMap((group) => [group >> 8, group & 255]);

it('reads the events of a batch in order, each with its own length', () => {
  const batch = batchOf(
    { type: 'open', socket: 1, local: [[127, 0, 0, 1], 8443], remote: [[10, 1, 2, 3], 50112], role: 1 },
    { type: 'data', socket: 1, bytes: Buffer.from('GET / HTTP/1.1'), size: 20, reason: 1, position: 7, direction: 1 },
    { type: 'close', socket: 1, sent: 20, received: 5, error: 104 },
    { type: 'exec', pid: 9, name: 'node' },
  );
  const [open, data, close, exec] = decodeBatch(batch);
  expect(open).toMatchObject({
    kind: 'open',
    local: '127.0.0.1:8443',
    remote: '10.1.2.3:50112',
    role: 'outbound',
    netns: 1,
  });
  expect(data).toMatchObject({
    kind: 'data',
    size: 20,
    reason: 'over-limit',
    position: 7,
    direction: 'sent',
    layer: 'socket',
  });
  expect(data?.kind === 'data' && Buffer.from(data.bytes).toString()).toBe('GET / HTTP/1.1');
  expect(close).toMatchObject({ kind: 'close', sent: 20, received: 5, error: 104 });
  expect(exec).toMatchObject({ kind: 'exec', pid: 9, name: 'node' });
});

it.each([
  [v6(0, 0, 0, 0, 0, 0, 0, 1), '[::1]:443'],
  [v6(0, 0, 0, 0, 0, 0xffff, 0x7f00, 1), '127.0.0.1:443'],
  [v6(0x2001, 0xdb8, 0, 0, 1, 0, 0, 1), '[2001:db8::1:0:0:1]:443'],
  [v6(0xfe80, 0, 0, 0, 1, 2, 3, 4), '[fe80::1:2:3:4]:443'],
  [v6(1, 0, 2, 0, 3, 0, 4, 0), '[1:0:2:0:3:0:4:0]:443'],
])('writes the IPv6 address %j as %s', (address, text) => {
  const [event] = decodeBatch(batchOf({ type: 'open', family: 10, local: [address, 443] }));
  expect(event).toMatchObject({ local: text });
});

it('keeps times and positions beyond 2^32', () => {
  const [event] = decodeBatch(
    batchOf({ type: 'data', position: 2 ** 40 + 3, atNs: 2 ** 45 + 1, bytes: Buffer.from('x') }),
  );
  expect(event).toMatchObject({ position: 2 ** 40 + 3, atNs: 2 ** 45 + 1 });
});

it('ends at bytes that are no event, whatever they are', () => {
  const whole = wireBytes({ type: 'data', bytes: Buffer.from('body'), socket: 3 });
  expect(decodeBatch(Buffer.concat([whole, Buffer.alloc(200, 0xff)]))).toHaveLength(1);
  for (let cut = 0; cut < whole.length - 4; cut++) expect(decodeBatch(whole.subarray(0, cut))).toEqual([]);
});
