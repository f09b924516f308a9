/**
 * A small real service with accounts, sign-in by bearer token or by cookie, and orders: every id and token is random,
 * and nothing is there at the start. What a replay must cope with without being told.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

export interface ServiceOptions {
  readonly signIn: 'bearer' | 'cookie';
  /** Ids of orders: random, or counted from this number as a database does. */
  readonly orderIds: 'uuid' | { readonly countFrom: number };
  /** An injected regression: changes an order before it is answered. */
  readonly corrupt?: (order: Record<string, unknown>) => Record<string, unknown>;
}

interface Order {
  readonly [member: string]: unknown;
  readonly id: string | number;
  readonly userId: string;
}

export function sessionService(options: ServiceOptions): RequestListener {
  const users = new Map<string, { id: string; password: string }>();
  const sessions = new Map<string, string>();
  const orders = new Map<string, Order>();
  let counted = typeof options.orderIds === 'object' ? options.orderIds.countFrom : 0;
  const shown = (order: Order) => options.corrupt?.(order) ?? order;

  const signUp = (body: Record<string, string>, response: ServerResponse) => {
    const id = randomUUID();
    users.set(body.email ?? '', { id, password: body.password ?? '' });
    json(response, 201, { id, email: body.email, createdAt: new Date().toISOString() });
  };
  const logIn = (body: Record<string, string>, response: ServerResponse) => {
    const user = users.get(body.email ?? '');
    if (user === undefined || user.password !== body.password) return json(response, 401, { error: 'bad credentials' });
    const token = randomBytes(24).toString('base64url');
    sessions.set(token, user.id);
    if (options.signIn === 'bearer') return json(response, 200, { token, tokenType: 'bearer', expiresIn: 3600 });
    response.setHeader('Set-Cookie', `sid=${token}; Path=/; HttpOnly`);
    return json(response, 200, { ok: true });
  };
  const create = (userId: string, body: Record<string, unknown>, response: ServerResponse) => {
    const id = options.orderIds === 'uuid' ? randomUUID() : counted++;
    const order: Order = { id, userId, item: body.item, quantity: body.quantity, at: new Date().toISOString() };
    orders.set(String(id), order);
    response.setHeader('Location', `http://${response.req.headers.host}/orders/${id}`);
    json(response, 201, shown(order));
  };
  const read = (id: string, response: ServerResponse) => {
    const order = orders.get(id);
    if (order === undefined) return json(response, 404, { error: `no order ${id}` });
    return json(response, 200, { ...shown(order), self: `/orders/${order.id}` });
  };

  return (request, response) => {
    void textOf(request).then((text) => {
      const url = new URL(request.url ?? '/', 'http://service');
      const body = text === '' ? {} : JSON.parse(text);
      if (url.pathname === '/signup') return signUp(body, response);
      if (url.pathname === '/login') return logIn(body, response);
      const userId = sessions.get(tokenOf(request));
      if (userId === undefined) return json(response, 401, { error: 'who are you?' });
      if (request.method === 'POST' && url.pathname === '/orders') return create(userId, body, response);
      const own = [...orders.values()].filter((order) => order.userId === url.searchParams.get('userId'));
      if (url.pathname === '/orders') return json(response, 200, { orders: own.map(shown) });
      return read(url.pathname.split('/')[2] ?? '', response);
    });
  };
}

function tokenOf(request: IncomingMessage): string {
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  return bearer ?? /(?:^|; )sid=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(value));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
