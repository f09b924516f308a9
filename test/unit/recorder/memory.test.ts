import { leastCgroupBytes, leastRssBytes, memoryWithin, plentyRssBytes, rssWithin } from '../../../recorder/memory';

const mebibyte = 1 << 20;

it.each([leastRssBytes, 256 * mebibyte, 300 * mebibyte, 512 * mebibyte, 4096 * mebibyte])(
  'gives out no more than there is beyond the program, of %d bytes',
  (rssBytes) => {
    const { ringBytes, queueBytes, unboundBytes, messageBytes, bodyBytes } = memoryWithin(rssBytes);
    const held = ringBytes + queueBytes + unboundBytes + messageBytes;
    expect(held).toBeLessThanOrEqual(((rssBytes - 208 * mebibyte) * 7) / 8);
    expect(Number.isInteger(Math.log2(ringBytes))).toBe(true);
    expect(bodyBytes).toBeLessThanOrEqual((rssBytes - 208 * mebibyte) / 16);
  },
);

it('takes no more where there is plenty than where nothing is said', () => {
  const { bodyBytes, ...held } = memoryWithin(plentyRssBytes);
  expect(memoryWithin(Number.POSITIVE_INFINITY)).toMatchObject(held);
  expect(bodyBytes).toBe(64 * mebibyte); // of --max-body
});

it('knows fewer TLS connections at a time where memory is scarce', () => {
  expect(memoryWithin(256 * mebibyte).tlsObjects).toBe(16_384);
  expect(memoryWithin(512 * mebibyte).tlsObjects).toBe(65_536);
});

it('leaves of the memory of a cgroup what the kernel takes for the recorder', () => {
  expect(rssWithin(512 * mebibyte)).toBe(480 * mebibyte);
  expect(rssWithin(leastCgroupBytes)).toBe(leastRssBytes);
});

it('takes what it cannot do without where the cgroup has less', () => {
  expect(rssWithin(100 * mebibyte)).toBe(leastRssBytes);
});

it.each([
  ['cannot be read', 0],
  ['is none, by cgroups of version 2', Number(2n ** 64n - 1n)],
  ['is none, by cgroups of version 1', Number(2n ** 63n - 4096n)],
])('is not bound by a limit that %s', (_, limitBytes) => {
  expect(rssWithin(limitBytes)).toBeGreaterThan(plentyRssBytes);
});
