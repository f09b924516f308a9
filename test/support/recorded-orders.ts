/**
 * The orders and payments services of fixtures/apps in use by a customer, as stored exchanges: what a recorder would
 * have put on a tape, without a kernel. A forwarder in front of payments keeps the calls that orders makes.
 */
import { join } from 'node:path';
import type { HeaderList } from '../../tape/model/body';
import type { StoredExchange } from '../../tape/store/tape';
import { apps, lineFrom, start } from './programs';
import { listen, RecordingClient } from './recorded-http';

export interface RecordedOrders {
  /** Inbound and outbound, by the time they began. */
  readonly exchanges: readonly StoredExchange[];
  /** `host:port` under which orders knew payments. */
  readonly payments: string;
}

/** Plays the customer; every process is stopped when it returns. */
export async function recordOrders(): Promise<RecordedOrders> {
  const payments = await startService('payments/server.js', {});
  const outbound = new RecordingClient(payments.url);
  const forwarder = await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = pairs(request.rawHeaders).filter(([name]) => !/^(host|content-length|connection)$/i.test(name));
      const body = Buffer.concat(chunks).toString('utf8');
      const call = { method: request.method ?? 'GET', path: request.url ?? '/', headers };
      void outbound.call(body === '' ? call : { ...call, body }).then((reply) => {
        const kept = reply.headers.filter(([name]) => !/^(connection|keep-alive|transfer-encoding)$/i.test(name));
        response.writeHead(reply.status, kept.flat() as never).end(reply.text);
      });
    });
  });
  const orders = await startService('orders/server.js', { PAYMENTS_URL: forwarder.url });
  const inbound = new RecordingClient(orders.url);
  try {
    await beCustomer(inbound);
  } finally {
    inbound.close();
    outbound.close();
    await forwarder.close();
    await Promise.all([orders.stop(), payments.stop()]);
  }
  const exchanges = [...inbound.stored, ...outbound.stored.map(asOutbound)];
  exchanges.sort((a, b) => a.exchange.startedAtUs - b.exchange.startedAtUs);
  return { exchanges, payments: new URL(payments.url).host };
}

/** Sign-up, sign-in, two orders, reading back, a page of a list, a cancelled order, and something that is not there. */
export async function beCustomer(client: Pick<RecordingClient, 'call'>): Promise<void> {
  const json: HeaderList = [['Content-Type', 'application/json']];
  const post = (path: string, headers: HeaderList, value?: unknown) =>
    client.call({ method: 'POST', path, headers, ...(value === undefined ? {} : { body: JSON.stringify(value) }) });
  const credentials = { email: 'ada@example.com', password: 'correct horse battery' };
  await post('/users', json, { ...credentials, name: 'Ada' });
  const { token = '' } = (await post('/sessions', json, credentials)).json();
  const signedIn: HeaderList = [['Authorization', `Bearer ${token}`]];
  const order = (await post('/orders', [...json, ...signedIn], { items: [{ sku: 'tea-assam', quantity: 2 }] })).json();
  await post('/orders', [...json, ...signedIn], { items: [{ sku: 'pot-glass', quantity: 1 }] });
  await client.call({ path: `/orders/${order.id}`, headers: signedIn });
  await client.call({ path: '/orders?page=1', headers: signedIn });
  await post(`/orders/${order.id}/cancel`, signedIn);
  await client.call({ path: '/catalogue', headers: [['Accept-Encoding', 'gzip']] });
  await client.call({ path: '/orders/nothing', headers: signedIn });
}

async function startService(file: string, env: Record<string, string>) {
  const { TLS_CERT: _, WIRETAPE_TARGET: __, ...inherited } = process.env;
  const program = start(process.execPath, [join(apps, file)], { env: { ...inherited, PORT: '0', ...env } });
  const [, url = ''] = await lineFrom(program, program.child.stdout, /^listening (\S+)/);
  return { url, stop: () => program.stop() };
}

function asOutbound(stored: StoredExchange): StoredExchange {
  const { exchange } = stored;
  const { local, key, ...connection } = exchange.connection;
  return {
    ...stored,
    exchange: {
      ...exchange,
      connection: { ...connection, key: key + 1000, direction: 'outbound', local: null, remote: local },
    },
  };
}

function pairs(raw: readonly string[]): HeaderList {
  return raw.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, raw[i + 1] ?? '']] : []));
}
