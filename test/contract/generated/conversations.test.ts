/**
 * What generated suites hold besides requests and their answers: WebSockets and remote calls, played by the real Jest and
 * the real Vitest against the build that was recorded and against changed ones, and played to a build as its dependencies.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesInSet } from '../../../tape/body/protobuf/schemas';
import { storedExchanges } from '../../support/exchanges';
import { describeGenerated } from '../../support/generated';
import { method, serveGrpc } from '../../support/grpc-talk';
import { apps } from '../../support/programs';
import { shopSet } from '../../support/proto';
import { allOf, openCall, recordCalls } from '../../support/recorded-calls';
import { listen } from '../../support/recorded-http';
import { listenForSockets, recordSocket } from '../../support/recorded-socket';
import { recordRoom, serveRoom } from '../../support/room';
import { item, recordedShopCalls, recordedWebCalls, shopBuild, shopService, webShop } from '../../support/shop-calls';
import { jestRunner, SuiteProjects, type SuiteRunner, vitestRunner } from '../../support/suite-projects';
import { storedOf, writeTape } from '../../support/tape-file';

jest.setTimeout(120_000); // every test starts a runner of its own

/** Conversations of tests are told at times of their own, and servers have real clocks. */
const noise = '- { in: response, path: header["date"], because: "two clocks" }\n';

for (const runner of [jestRunner, vitestRunner]) {
  describeGenerated(`a suite for ${runner.name}`, runner.needs, () => testsWith(runner));
}

function testsWith(runner: SuiteRunner): void {
  const projects = new SuiteProjects(runner);
  const { folder } = projects;
  afterAll(() => projects.remove());

  async function make(name: string, args: readonly string[] = []): Promise<void> {
    projects.make(name);
    writeFileSync(join(folder, 'noise.yaml'), noise);
    writeFileSync(join(folder, 'shop.binpb'), shopSet);
    const { status, stderr } = await projects.generate(name, `${name}.tape`, args);
    if (status !== 0) throw new Error(stderr);
  }

  const textOf = (project: string, file: string) => readFileSync(projects.pathOf(project, file), 'utf8');

  describe('of WebSockets', () => {
    beforeAll(async () => {
      writeTape(join(folder, 'room.tape'), await recordRoom());
      await make('room');
    });

    async function play(build: Parameters<typeof serveRoom>[0], args: readonly string[] = []) {
      const room = await serveRoom(build);
      try {
        return await projects.run('room', args, { WIRETAPE_TARGET: room.url });
      } finally {
        await room.close();
      }
    }

    it('can be read: what both sides said, one message a line', () => {
      expect(textOf('room', 'endpoints/room.js')).toMatch(
        /^ {8}\{ from: 'client', kind: 'text', atMs: [\d.]+, json: \{ type: 'join', name: 'ada' \} \},$/m,
      );
    });

    it('is green on the recorded build, with both sockets open beside each other and a request between their messages', async () => {
      const { status, output } = await play({});
      expect(output).toMatch(runner.counts({ passed: 3 }));
      expect(status).toBe(0);
    });

    it('is red on a changed build, and names the very message', async () => {
      const { status, output } = await play({ status: 'new' });
      expect(output).toMatch(/message\[\d\]\.body\.status +expected "sent", got "new"/);
      expect(output).toMatch(runner.counts({ failed: 2, passed: 1 }));
      expect(status).toBe(1);
    });

    it('plays what came before when only one test is asked for', async () => {
      const { status, output } = await play({}, ['-t', 'POST /room/notices']);
      expect(output).toMatch(runner.counts({ skipped: 2, passed: 1 }));
      expect(status).toBe(0);
    });
  });

  describe('of calls of gRPC', () => {
    beforeAll(async () => {
      const calls = (await recordedShopCalls()).map(storedOf);
      writeTape(join(folder, 'calls.tape'), calls, { protoFiles: filesInSet(shopSet, 'shop.binpb') });
      writeTape(join(folder, 'unnamed.tape'), calls);
      await make('calls', ['--noise', '../noise.yaml']);
      await make('unnamed', ['--noise', '../noise.yaml']);
    });

    async function play(project: string, build: Parameters<typeof shopBuild>[0]) {
      const shop = await serveGrpc({ service: shopService, implementation: shopBuild(build) });
      try {
        return await projects.run(project, [], { WIRETAPE_TARGET: `http://127.0.0.1:${shop.port}` });
      } finally {
        shop.close();
      }
    }

    it('can be read: by the names that the set on the tape has, and by numbers without one', () => {
      expect(textOf('calls', 'endpoints/shop-v1-shop.js')).toMatch(/message: \{ sku: 'TEA', count: 1 \}/);
      expect(textOf('calls', 'setup.js')).toContain("protoSet: './descriptors.binpb'");
      expect(textOf('unnamed', 'endpoints/shop-v1-shop.js')).toMatch(/message: \{ '1': 'TEA', '2': 1 \}/);
      expect(textOf('unnamed', 'setup.js')).not.toContain('protoSet:');
    });

    it.each(['calls', 'unnamed'])('is green on the recorded build, for all four kinds: %s', async (project) => {
      const { status, output } = await play(project, {});
      expect(output).toMatch(runner.counts({ passed: 4 }));
      expect(status).toBe(0);
    });

    it.each([
      ['calls', /body\[0\]\.note +expected "as it was", got "changed"/],
      ['unnamed', /body\[0\]\["11"\]\["1"\] +expected "as it was", got "changed"/],
    ])('is red on a changed build, and names the very field: %s', async (project, difference) => {
      const { status, output } = await play(project, { note: 'changed' });
      expect(output).toMatch(difference);
      expect(output).toMatch(runner.counts({ failed: 1, passed: 3 }));
      expect(status).toBe(1);
    });

    it('says what cannot be written of a message that was edited', async () => {
      const edit = (text: string) => text.replace("sku: 'TEA'", "skU: 'TEA'");
      const wrong = projects.edited('calls', 'misspelt', edit, 'endpoints/shop-v1-shop.js');
      const { status, output } = await play(wrong, {});
      expect(output).toMatch(/USAGE +The suite has a message of shop\.v1\.\w+ that cannot be written: \{"skU":"TEA"/);
      expect(status).toBe(1);
    });
  });

  describe('of calls of gRPC-web and Connect', () => {
    beforeAll(async () => {
      writeTape(join(folder, 'web.tape'), (await recordedWebCalls()).map(storedOf));
      await make('web', ['--noise', '../noise.yaml', '--proto-set', '../shop.binpb']);
    });

    async function play(build: Parameters<typeof webShop>[0]) {
      const shop = await listen(webShop(build));
      try {
        return await projects.run('web', [], { WIRETAPE_TARGET: shop.url });
      } finally {
        await shop.close();
      }
    }

    it('is green on the recorded build', async () => {
      const { status, output } = await play({});
      expect(output).toMatch(runner.counts({ passed: 3 }));
      expect(status).toBe(0);
    });

    it('is red on a changed build, and names the very field of a message and of a body', async () => {
      const { status, output } = await play({ note: 'changed', watched: [] });
      expect(output).toMatch(/body\[0\]\.note +expected "as it was", got "changed"/);
      expect(output).toMatch(/body\.note +expected "as it was", got "changed"/);
      expect(output).toMatch(/body\[2\] +removed: expected \{"id":"3","note":"watched"\}/);
      expect(output).toMatch(runner.counts({ failed: 3, passed: 0 }));
      expect(status).toBe(1);
    });
  });

  describe('of a service that talks with what it depends on', () => {
    const path = '/shop.v1.Shop/Chat';

    beforeAll(async () => {
      const calls = await recordCalls({
        service: { Chat: method(path, { request: true, response: true }) },
        implementation: shopBuild(),
        async call(client) {
          const call = openCall(client, path);
          for (const sku of ['TEA', 'MUG']) {
            call.say(item(sku, 0));
            await call.hear();
          }
          call.end();
          await allOf(call);
        },
      });
      const ticker = await listenForSockets((socket) => socket.on('message', () => socket.send('{"price":450}')));
      const speak = async ({ say, hear, close }: Parameters<Parameters<typeof recordSocket>[1]>[0]) => {
        say('{"ask":"TEA"}');
        await hear();
        await close(1000);
      };
      const told = { path: '/ticks', headers: [['Host', 'ticker:9000']], direction: 'outbound', id: '7' } as const;
      const socket = await recordSocket(ticker.url, speak, told);
      await ticker.close();
      const haggled = ['TEA', 'MUG'].map((sku) => item(sku, 0).toString('hex'));
      const asked = storedExchanges({ target: '/quote', responseBody: { haggled, tick: { price: 450 } } });
      const elsewhere = calls.map(({ exchange }) => {
        return storedOf({ ...exchange, connection: { ...exchange.connection, key: 50 } });
      });
      writeTape(join(folder, 'talks.tape'), [...asked, ...elsewhere, socket]);
      const env = ['PORT={port}', 'PAYMENTS_URL={mock:payments:8080}', 'TICKER_URL={mock:ticker:9000}'];
      const start = [...env.flatMap((each) => ['--env', each]), '--', 'node', join(apps, 'talks/server.js')];
      await make('talks', start);
    });

    it('is green: mocks answer each message as it comes', async () => {
      const { status, output } = await projects.run('talks');
      expect(output).toMatch(runner.counts({ passed: 2 }));
      expect(status).toBe(0);
    });

    it('is red where a dependency would have said something else', async () => {
      const edit = (text: string) => text.replace('"price": 450', '"price": 451');
      const { status, output } = await projects.run(projects.edited('talks', 'dearer', edit, 'mocks.json'));
      expect(output).toMatch(/body\.tick\.price +expected 450, got 451/);
      expect(status).toBe(1);
    });
  });
}
