import { leastRssBytes, memoryWithin } from '../../../recorder/memory';

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
  const { bodyBytes, ...held } = memoryWithin(16 * 1024 * mebibyte);
  expect(memoryWithin(null)).toMatchObject(held);
  expect(bodyBytes).toBeGreaterThan(256 * mebibyte);
});
