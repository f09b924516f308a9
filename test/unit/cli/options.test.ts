import { filterFrom, parseDuration, parsePort, parseShare, parseSize } from '../../../cli/options';

it.each([
  ['30s', 30_000],
  ['500ms', 500],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['1.5s', 1500],
  [' 2s ', 2000],
])('reads the length of time %j', (text, ms) => {
  expect(parseDuration(text, '--for')).toBe(ms);
});

it.each([
  ['4096', 4096],
  ['64k', 65_536],
  ['1KiB', 1024],
  ['1kB', 1000],
  ['500MB', 500_000_000],
  ['1GiB', 1_073_741_824],
  ['1.5 MiB', 1_572_864],
  ['10b', 10],
])('reads the size %j', (text, bytes) => {
  expect(parseSize(text, '--max-size')).toBe(bytes);
});

it.each([
  ['10%', 0.1],
  ['0.5 %', 0.005],
  ['100%', 1],
])('reads the share %j', (text, share) => {
  expect(parseShare(text, '--sample')).toBe(share);
});

it.each<[string, () => unknown, string]>([
  ['30', () => parseDuration('30', '--for'), 'Write it as --for 30s, 500ms, 5m or 1h'],
  ['-1s', () => parseDuration('-1s', '--for'), 'Write it as --for 30s, 500ms, 5m or 1h'],
  ['1 day', () => parseDuration('1d', '--for'), 'Write it as --for 30s, 500ms, 5m or 1h'],
  ['much', () => parseSize('much', '--max-size'), 'Write it as --max-size 1GiB, 500MB or 4096'],
  ['1TB', () => parseSize('1TB', '--max-size'), 'Write it as --max-size 1GiB, 500MB or 4096'],
  ['70000', () => parsePort('70000', '--port'), 'Write a number from 0 to 65535, such as --port 8080'],
  ['http', () => parsePort('http', '--port'), 'Write a number from 0 to 65535, such as --port 8080'],
  ['', () => parsePort('', '--port'), 'Write a number from 0 to 65535, such as --port 8080'],
  ['10', () => parseShare('10', '--sample'), 'Write it as --sample 10% or 0.5%'],
  ['0%', () => parseShare('0%', '--sample'), 'Write it as --sample 10% or 0.5%'],
  ['101%', () => parseShare('101%', '--sample'), 'Write it as --sample 10% or 0.5%'],
])('refuses %j and says what to type', (_, run, remedy) => {
  expect(run).toThrow(expect.objectContaining({ code: 'USAGE', remedies: [remedy] }));
});

it('makes one filter of the arguments', () => {
  const filter = filterFrom({ include: ['GET a/**'], exclude: ['* b'], session: '2' }, 'inbound');
  expect(filter).toMatchObject({
    include: [{ text: 'GET a/**' }],
    exclude: [{ text: '* b' }],
    session: '2',
    direction: 'inbound',
  });
  expect(filterFrom({})).toEqual({ include: [], exclude: [] });
  expect(() => filterFrom({ include: ['nonsense'] })).toThrow(expect.objectContaining({ code: 'BAD_FILTER' }));
});
