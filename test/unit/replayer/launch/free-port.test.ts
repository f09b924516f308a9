/** Ports for services that are told one: none that the kernel gives away by itself. */
import { createServer } from 'node:net';
import { besideEphemeral, freePort, portIn } from '../../../../replayer/launch/free-port';

it.each([
  [
    '32768\t60999\n',
    [
      [20_000, 32_767],
      [61_000, 65_535],
    ],
  ],
  ['1024\t65535\n', []],
  ['1024\t30000\n', [[30_001, 65_535]]],
  ['15000\t16000\n', [[20_000, 65_535]]],
  ['', []],
  ['what', []],
])('are beside what the kernel gives away: %j', (text, expected) => {
  expect(besideEphemeral(text).map(({ from, to }) => [from, to])).toEqual(expected);
});

it('are any of all ranges', () => {
  const ranges = [
    { from: 10, to: 11 },
    { from: 20, to: 21 },
  ];
  expect([0, 0.25, 0.5, 0.999].map((share) => portIn(ranges, share))).toEqual([10, 11, 20, 21]);
});

it('can be listened on', async () => {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  await new Promise((closed) => server.close(closed));
});
