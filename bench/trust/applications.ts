/** The applications: two of this repository, and real ones that were written without wiretape in mind. */
import { join } from 'node:path';
import { freePort } from '../../replayer/launch/free-port';
import type { HeaderList } from '../../tape/model/body';
import { apps, lineFrom, start } from '../../test/support/programs';
import { listen } from '../../test/support/recorded-http';
import { beCustomer } from '../../test/support/recorded-orders';
import type { Application } from './application';
import { django } from './django';
import { pocketbase } from './pocketbase';
import { json, programs } from './requests';

const orders: Application = {
  name: 'orders (fixtures/apps)',
  from: 'in this repository; calls payments',
  needs: null,
  command: () => [process.execPath, join(apps, 'orders/server.js')],
  upstream: { variable: 'PAYMENTS_URL', start: () => startFixture('payments/server.js') },
  database: null,
  use: beCustomer,
};

const payments: Application = {
  name: 'payments (fixtures/apps)',
  from: 'in this repository',
  needs: null,
  command: () => [process.execPath, join(apps, 'payments/server.js')],
  upstream: null,
  database: null,
  async use(client) {
    const headers: HeaderList = [['X-Api-Key', 'key-of-the-demo']];
    const charge = { amount: 1299, currency: 'EUR', orderId: '5f0c1e2a-7d1b-4c3e-9a55-0b1f2d3c4e5f', reference: 'r-1' };
    const { id = 'none' } = (await json(client, 'POST', '/charges', charge, headers)).json();
    await client.call({ path: `/payments/${id}`, headers });
    await json(client, 'POST', `/payments/${id}/refund`, {}, headers);
    await json(client, 'POST', '/charges', { amount: -1 }, headers);
    await client.call({ path: '/charges' });
  },
};

const jsonServer: Application = {
  name: 'json-server 0.17.4',
  from: 'npm install json-server@0.17.4',
  needs: 'node_modules/json-server/package.json',
  command: (files) => ['env', `FILES=${files}`, process.execPath, join(programs, 'json-server.js')],
  upstream: null,
  database: null,
  async use(client) {
    await client.call({ path: '/posts?_page=1&_limit=5' });
    await client.call({ path: '/posts?author=ada&_sort=views&_order=desc' });
    const { id } = (await json(client, 'POST', '/posts', { title: 'New', author: 'ada', views: 0 })).json<{
      id: number;
    }>();
    await client.call({ path: `/posts/${id}` });
    await json(client, 'PATCH', `/posts/${id}`, { views: 7 });
    await json(client, 'POST', '/comments', { body: 'third', postId: id });
    await client.call({ path: `/posts/${id}?_embed=comments` });
    await client.call({ path: '/posts/1/comments' });
    await client.call({ method: 'HEAD', path: '/posts' });
    await json(client, 'PUT', '/profile', { name: 'shop', open: false });
    await client.call({ method: 'DELETE', path: `/posts/${id}` });
    await client.call({ path: `/posts/${id}` });
    await client.call({ path: '/db' });
  },
};

const httpbin: Application = {
  name: 'httpbin 0.10.2 (gunicorn)',
  from: 'pip install httpbin==0.10.2 gunicorn==23.0.0',
  needs: 'py/bin/gunicorn',
  command: (files) => ['sh', '-c', `exec '${files}/py/bin/gunicorn' -b "127.0.0.1:$PORT" -w 1 httpbin:app`],
  upstream: null,
  database: null,
  async use(client) {
    const gets = [
      ...['/get?a=1&a=2&b=%C3%A9', '/uuid', '/ip', '/user-agent', '/json', '/xml', '/html', '/status/418'],
      ...['/cookies/set?theme=dark', '/response-headers?X-Colour=red', '/redirect/2', '/cache', '/etag/abc'],
      ...['/base64/d2lyZXRhcGU%3D', '/stream/3', '/links/3/1', '/encoding/utf8', '/deny'],
    ];
    for (const path of gets) await client.call({ path });
    await client.call({ path: '/cookies', headers: [['Cookie', 'theme=dark']] });
    await client.call({
      path: '/basic-auth/ada/lovelace',
      headers: [['Authorization', `Basic ${btoa('ada:lovelace')}`]],
    });
    await client.call({ path: '/bearer' });
    await json(client, 'POST', '/post', { order: 7, lines: ['a', 'b'] });
    await json(client, 'PUT', '/anything/x', { n: 1.5 });
    await client.call({ method: 'DELETE', path: '/delete' });
  },
};

const corsAnywhere: Application = {
  name: 'cors-anywhere 0.4.4',
  from: 'npm install cors-anywhere@0.4.4; calls what its clients name',
  needs: 'node_modules/cors-anywhere/server.js',
  command: (files) => ['env', 'HOST=127.0.0.1', process.execPath, join(files, 'node_modules/cors-anywhere/server.js')],
  upstream: { variable: null, start: startCatalogue },
  database: null,
  async use(client, upstreamUrl) {
    const headers: HeaderList = [
      ['Origin', 'http://shop.test'],
      ['X-Request-Id', '0d9f4a52-6a86-4c0e-9e0a-3f0a1c8f6b11'],
    ];
    for (const path of ['/items/1', '/items/2?lang=de', '/moved', '/missing']) {
      await client.call({ path: `/${upstreamUrl}${path}`, headers });
    }
    await json(client, 'POST', `/${upstreamUrl}/items`, { name: 'lamp' }, headers);
    await client.call({ method: 'OPTIONS', path: `/${upstreamUrl}/items`, headers });
    await client.call({ path: `/${upstreamUrl}/items/1` }); // without an origin it refuses
  },
};

const webdis: Application = {
  name: 'webdis 0.1.9 (Redis 7)',
  from: 'apt-get download webdis redis-server, of Debian 12',
  needs: 'apt/usr/bin/webdis',
  command: (files) => ['env', `FILES=${files}`, join(programs, 'webdis.sh')],
  upstream: null,
  database: { name: 'Redis', start: startRedis },
  async use(client) {
    await client.call({ path: '/FLUSHDB' });
    const gets = [
      ...['/SET/greeting/hello', '/GET/greeting', '/GET/greeting.txt', '/GET/missing', '/STRLEN/greeting'],
      ...['/INCR/visits', '/INCRBY/visits/41', '/GET/visits', '/DECR/visits', '/INCRBYFLOAT/rate/1.5'],
      ...[
        '/HSET/order:1/state/open/total/1299',
        '/HGETALL/order:1',
        '/HINCRBY/order:1/total/100',
        '/HGET/order:1/total',
      ],
      ...[
        '/RPUSH/queue/a/b/c',
        '/LPOP/queue',
        '/LRANGE/queue/0/-1',
        '/LLEN/queue',
        '/SADD/tags/x',
        '/SISMEMBER/tags/x',
      ],
      ...[
        '/ZADD/scores/1/ann/2/bob',
        '/ZRANGE/scores/0/-1/WITHSCORES',
        '/ZSCORE/scores/bob',
        '/EXISTS/greeting',
        '/TYPE/queue',
      ],
      ...[
        '/DEL/greeting',
        '/GET/greeting',
        '/LPUSH/visits/x',
        '/NOSUCH/command',
        '/DBSIZE',
        '/PERSIST/visits',
        '/TTL/visits',
      ],
    ];
    for (const path of gets) await client.call({ path });
    const page = Buffer.from('<p>kept as it is</p>');
    await client.call({ method: 'PUT', path: '/SET/page', body: page.toString() });
    await client.call({ path: '/GET/page.html' });
    await client.call({ method: 'POST', path: '/', body: 'APPEND/page/!' });
    await client.call({ path: '/GET/page' });
    await client.call({ method: 'OPTIONS', path: '/' });
  },
};

export const applications: readonly Application[] = [
  ...[orders, payments, jsonServer, httpbin, corsAnywhere, webdis],
  ...[pocketbase, django],
];

async function startFixture(file: string): Promise<string> {
  const program = start(process.execPath, [join(apps, file)], { env: { ...process.env, PORT: '0' } });
  const [, url = ''] = await lineFrom(program, program.child.stdout, /^listening (\S+)/);
  return url;
}

/** Answers with its own clock and counts on, as real ones do. */
async function startCatalogue(): Promise<string> {
  let count = 0;
  const { url } = await listen((request, response) => {
    const path = (request.url ?? '').split('?')[0];
    if (path === '/moved') return response.writeHead(302, { Location: '/items/2' }).end();
    if (path === '/missing') return response.writeHead(404, { 'Content-Type': 'text/plain' }).end('none');
    response.writeHead(200, { 'Content-Type': 'application/json' });
    return response.end(JSON.stringify({ path, asked: ++count, at: new Date().toISOString() }));
  });
  return url;
}

async function startRedis(files: string): Promise<number> {
  const port = await freePort();
  const env = { ...process.env, LD_LIBRARY_PATH: join(files, 'apt/usr/lib/x86_64-linux-gnu') };
  const where = ['--port', String(port), '--bind', '127.0.0.1', '--dir', files];
  const redis = start(join(files, 'apt/usr/bin/redis-server'), [...where, '--save', '', '--appendonly', 'no'], { env });
  await lineFrom(redis, redis.child.stdout, /Ready to accept connections/);
  return port;
}
