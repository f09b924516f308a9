/** An answer that ends with its connection is whole once the answering side has ended it, also where a reset follows. */
import { join } from 'node:path';
import type { StoredExchange } from '../../tape/store/tape';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, run, startServer, stopAll } from '../support/programs';
import { bodyHash, recordCommand, recordDuring, sha256 } from '../support/recorder';
import { workingTiers } from '../support/tiers';

const program = join(apps, 'late-goodbyes/late-goodbyes.py');
const body = sha256(Buffer.from('whole '.repeat(1000)));

const seen = ({ exchange }: StoredExchange) => {
  const { request, response } = httpIn(exchange);
  return [request?.target, bodyHash(response?.body), exchange.outcome, exchange.problems];
};
const whole = ['/until-the-end', body, 'response', []];

afterEach(stopAll);

describeE2e('an answer that its server ends, and after that a reset', () => {
  it.each(workingTiers())('is whole on the side of the server, by tier %s', async (tier) => {
    const server = await startServer('python3', [program, 'server']);
    const { exchanges } = await recordDuring(['--pid', String(server.pid), '--tier', tier], async () => {
      await run('python3', [program, 'client', String(server.port)]);
      await server.ended;
    });
    expect(exchanges.map(seen)).toEqual([whole]);
  });

  it.each(workingTiers())('is whole on the side of the client, by tier %s', async (tier) => {
    const server = await startServer('python3', [program, 'server']);
    const command = ['python3', program, 'client', String(server.port)];
    const { exchanges } = await recordCommand(command, ['--tier', tier]);
    expect(exchanges.map(seen)).toEqual([whole, ['/too-late', null, 'closed', []]]);
  });
});

describeE2e('an answer that ends with its connection, of which its client took the first bytes only', () => {
  const left = ['/left', 'closed', ['cut-short']];
  const ended = ({ exchange }: StoredExchange) => [
    httpIn(exchange).request?.target,
    exchange.outcome,
    exchange.problems,
  ];

  it.each(workingTiers())('is not called whole, by tier %s', async (tier) => {
    const server = await startServer('python3', [program, 'server']);
    const command = ['python3', program, 'leaver', String(server.port)];
    const { exchanges } = await recordCommand(command, ['--tier', tier]);
    expect(exchanges.map(ended)).toEqual([left]);
  });

  it.each(workingTiers())(
    'is not called whole over a unix socket, where that which was read to its end is, by tier %s',
    async (tier) => {
      const { exchanges } = await recordCommand(['python3', program, 'unix'], ['--tier', tier]);
      const outbound = exchanges.filter(({ exchange }) => exchange.connection.direction === 'outbound');
      expect(outbound.map(ended)).toEqual([['/until-the-end', 'response', []], left]);
    },
  );
});
