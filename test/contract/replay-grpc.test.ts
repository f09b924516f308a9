/** Runs of recorded calls of gRPC against servers of grpc-js: the same build, and one that changed a field, a status, an order. */
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { casesFrom } from '../../replayer/cases/cases';
import { parseTarget } from '../../replayer/drive/target';
import { parseNoiseRules } from '../../replayer/noise/rules';
import { runSuite } from '../../replayer/run';
import { withSchemas } from '../../tape/model/schemas';
import { createMemoryTape } from '../../tape/store/memory';
import type { StoredExchange } from '../../tape/store/tape';
import { serveGrpc } from '../support/grpc-talk';
import { shopSchemas } from '../support/proto';
import { recordedShopCalls, shopBuild, shopService, watchedOrders } from '../support/shop-calls';
import { suiteDefaults } from '../support/suite-defaults';
import { asRedacted, sessionStart } from '../support/tapes';

/** Conversations of tests are told at times of their own, and the server has a real clock. */
const noise = parseNoiseRules('- { in: response, path: header["date"], because: "two clocks" }', 'two-clocks.yaml');

async function recorded(options = {}): Promise<readonly StoredExchange[]> {
  const { writer, openReader } = createMemoryTape();
  const exchanges = await recordedShopCalls(options);
  const described = exchanges.map((exchange) => asRedacted(withSchemas(exchange, shopSchemas)));
  writer.append(writer.beginSession(sessionStart), described);
  return Array.fromAsync(openReader().exchanges());
}

async function replayed(tape: readonly StoredExchange[], implementation: UntypedServiceImplementation) {
  const server = await serveGrpc({ service: shopService, implementation });
  try {
    const target = parseTarget(`http://127.0.0.1:${server.port}`);
    const { report } = await runSuite(casesFrom(tape), { ...suiteDefaults, noise, target });
    return report.results.map(({ verdict, differences }) => [
      verdict,
      ...differences.map(
        ({ path, expected, actual }) => `${path}: ${JSON.stringify(expected)} > ${JSON.stringify(actual)}`,
      ),
    ]);
  } finally {
    server.close();
  }
}

describe.each([
  ['plain', {}],
  ['compressed', { 'grpc.default_compression_algorithm': 2 }],
])('calls, %s', (_, options) => {
  let tape: readonly StoredExchange[];
  beforeAll(async () => {
    tape = await recorded(options);
  });

  it('pass where the build is the same, whatever it compresses', async () => {
    expect(await replayed(tape, shopBuild())).toEqual([['pass'], ['pass'], ['pass'], ['pass']]);
  });

  it('fail at the field that changed, by its name', async () => {
    expect((await replayed(tape, shopBuild({ note: 'changed' })))[0]).toEqual([
      'fail',
      'body[0].note: "as it was" > "changed"',
    ]);
  });

  it('fail at the message that came out of order, and at the one that is missing', async () => {
    const [first, second] = watchedOrders as [Buffer, Buffer];
    expect((await replayed(tape, shopBuild({ watched: [second, first] })))[2]).toEqual([
      'fail',
      'body[0].id: "1" > "2"',
      'body[1].id: "2" > "1"',
      'body[2]: {"id":"3","note":"watched"} > null',
    ]);
  });

  it('fail at the status they ended with', async () => {
    const [verdict, ...differences] = (await replayed(tape, shopBuild({ refuses: true })))[0] ?? [];
    expect(verdict).toBe('fail');
    expect(differences).toContainEqual(expect.stringMatching(/^trailer\["grpc-status"\]: "0" > "7"$/));
  });
});
