/** What a client says before its server has answered (0-RTT): said where the server takes it, and not where it refuses it. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, makeCertificate, temporaryFolder } from '../support/programs';
import { recordCommand } from '../support/recorder';

const folder = temporaryFolder();
const program = folder.file('early-data');
afterAll(() => folder.remove());

async function saidAtBothEnds(how: string) {
  const { cert, key } = makeCertificate(folder.path);
  const recorded = await recordCommand([program, cert, key, how]);
  expect(recorded.status).toBe(0);
  expect(recorded.summary).toMatch(/^ {2}missing {4}nothing$/m);
  const said = recorded.exchanges.map(({ exchange }) => {
    const { request, response } = httpIn(exchange);
    const answer = Buffer.from(response?.body.bytes ?? []).toString();
    return [exchange.connection.direction, request?.target, answer, ...exchange.problems].join(' ');
  });
  return said.sort();
}

const whole = (...paths: string[]) =>
  ['inbound', 'outbound'].flatMap((side) => paths.map((path) => `${side} ${path} answer to ${path}`)).sort();

describeE2e('a request that is sent before its server has answered', () => {
  beforeAll(() => {
    const source = join(apps, 'tls-calls/early-data.c');
    execFileSync('cc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', program, source, '-lssl', '-lcrypto']);
  });

  it('is whole where the server takes it', async () => {
    expect(await saidAtBothEnds('taken')).toEqual(whole('/first', '/early', '/second', '/third'));
  });

  it('is not there where the server refuses it, and takes no answer of another one', async () => {
    expect(await saidAtBothEnds('refused')).toEqual(whole('/first', '/second', '/third'));
  });
});
