/** A connection that one process accepts and hands to another (SCM_RIGHTS) is one connection, whoever moves its bytes. */
import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, lineFrom, start, stopAll } from '../support/programs';
import { recordDuring } from '../support/recorder';

afterEach(stopAll);

interface Service {
  readonly pid: number;
  readonly port: number;
  readonly worker: number;
}

async function serve(...options: string[]): Promise<Service> {
  const program = start('python3', [join(apps, 'processes/hands-over.py'), ...options]);
  const [, port, worker] = await lineFrom(program, program.child.stdout, /^listening (\d+) (\d+)$/);
  return { pid: program.pid, port: Number(port), worker: Number(worker) };
}

async function ask(port: number): Promise<void> {
  for (const path of ['/a', '/b', '/c']) {
    const [response] = await once(http.get({ port, host: '127.0.0.1', path, agent: false }), 'response');
    await once(response.resume(), 'end');
  }
}

async function record(service: Service, target: number) {
  const { exchanges } = await recordDuring(['--pid', String(target)], () => ask(service.port));
  return exchanges.map(({ exchange }) => {
    const { request, response } = httpIn(exchange);
    return [request?.target, Buffer.from(response?.body.bytes ?? []).toString(), ...exchange.problems].join(' ');
  });
}

const whole = ['/a answer to /a', '/b answer to /b', '/c answer to /c'];

describeE2e('a connection that is handed to another process', () => {
  it('is whole where both are recorded, also where each reads a part of the request', async () => {
    for (const options of [[], ['read-first']]) {
      const service = await serve(...options);
      expect(await record(service, service.pid)).toEqual(whole);
      await stopAll();
    }
  });

  it('is whole where the one that speaks on it is recorded', async () => {
    const service = await serve();
    expect(await record(service, service.worker)).toEqual(whole);
  });

  it('is not called whole where the other one read a part of it', async () => {
    const service = await serve('read-first');
    const seen = await record(service, service.worker);
    expect(seen.filter((line) => whole.includes(line))).toEqual([]);
  });
});
