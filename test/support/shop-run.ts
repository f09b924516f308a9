/**
 * A shop in use, as it answers at any moment and with any ids: the same build twice is two runs of it. Sign-up, log-in, a
 * catalogue, two orders, a payment, reading back, a page. Reads no clock; what looks random comes from a seed.
 */
import { createHash } from 'node:crypto';
import type { HeaderList } from '../../tape/model/body';
import type { ExchangeSketch } from './exchanges';
import { seededRandom } from './seeded-random';

export interface ShopMoment {
  readonly startUs: number;
  readonly seed: number;
  /** The number of the first order: databases go on counting. */
  readonly firstNumber: number;
}

const day = 86_400_000;
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The answers of one run, each with its request. */
export function shopRun({ startUs, seed, firstNumber }: ShopMoment): readonly ExchangeSketch[] {
  const random = seededRandom(`${seed} of the shop`);
  const pick = (alphabet: string, length: number) =>
    Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
  const hex = (length: number) => pick('0123456789abcdef', length);
  const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
  const opaque = (length = 24) => `${pick(letters, length - 6)}a7B2c9`;

  let nowUs = startUs;
  const sketches: ExchangeSketch[] = [];
  const iso = () => new Date(nowUs / 1000).toISOString();
  const date = (days: number) => new Date(nowUs / 1000 + days * day).toISOString().slice(0, 10);
  const http = (afterMs = 0) => new Date(nowUs / 1000 + afterMs).toUTCString();

  /** One exchange: the answer is made 2 ms after its request began. */
  const exchange = (request: ExchangeSketch, made: () => ExchangeSketch): void => {
    const startedAtUs = nowUs;
    nowUs += 2000;
    const answer = made();
    const headers: HeaderList = [['Date', http()], ['X-Request-Id', uuid()], ...(answer.responseHeaders ?? [])];
    sketches.push({ ...request, ...answer, responseHeaders: headers, startedAtUs, durationUs: 4000 });
    nowUs += 2000 + Math.floor(random() * 3_000_000);
  };

  const userId = uuid();
  const signedUpAt = { at: '' };
  exchange({ method: 'POST', target: '/users', requestBody: { email: 'ada@example.test' } }, () => {
    signedUpAt.at = iso();
    const user = {
      id: userId,
      email: 'ada@example.test',
      born: '1990-01-31',
      verified: false,
      createdAt: signedUpAt.at,
    };
    return { status: 201, ...json(user) };
  });

  const [refresh, cookie] = [opaque(), opaque(32)];
  exchange({ method: 'POST', target: '/sessions', requestBody: { email: 'ada@example.test' } }, () => {
    const iat = Math.floor(nowUs / 1e6);
    const token = jwt({ sub: userId, role: 'user', iat, exp: iat + 3600, jti: hex(16) }, opaque(43));
    const session = { token, refreshToken: refresh, expiresAt: iat + 3600, user: { id: userId, name: 'Ada' } };
    return withHeaders(json(session), [
      ['Set-Cookie', `sid=${cookie}; Path=/; HttpOnly; Expires=${http(day)}; Max-Age=86400`],
    ]);
  });

  exchange({ target: '/catalogue' }, () => {
    const body = [
      { sku: 'lamp-01', name: 'Desk lamp', price: 12.5, tags: ['light', 'desk'], inStock: true },
      { sku: 'desk-07', name: 'Desk', price: 199, tags: ['wood'], inStock: false },
    ];
    return withHeaders(tagged(body), [['Last-Modified', 'Mon, 02 Nov 2026 10:00:00 GMT']]);
  });

  const orders = ['lamp-01', 'desk-07'].map((sku, i) => ({
    id: `ord_${opaque(16)}`,
    number: `ORD-${firstNumber + i}`,
    userId,
    total: 25 + i,
    paid: false,
    createdAt: '',
    dueDate: '',
    delivery: { from: '2027-03-28T10:00:00Z', until: '2027-03-28T12:00:00Z' },
    lines: [
      { id: uuid(), sku, quantity: 2 },
      { id: uuid(), sku: 'bag-00', quantity: 1 },
    ],
  }));
  for (const order of orders) {
    exchange({ method: 'POST', target: '/orders', requestBody: { sku: order.lines[0]?.sku } }, () => {
      Object.assign(order, { createdAt: iso(), dueDate: date(14) });
      return withHeaders({ status: 201, ...tagged(order) }, [['Location', `/orders/${order.id}`]]);
    });
  }

  const [first, second] = orders;
  const paymentId = uuid();
  const paid = { atMs: 0 };
  exchange({ method: 'POST', target: `/orders/${first?.id}/pay` }, () => {
    paid.atMs = Math.floor(nowUs / 1000);
    Object.assign(first ?? {}, { paid: true });
    return json({
      paymentId,
      orderId: first?.id,
      status: 'paid',
      paidAt: paid.atMs,
      receipt: `/receipts/${paymentId}.pdf`,
    });
  });
  exchange({ target: `/orders/${first?.id}` }, () => tagged({ ...first, payment: { id: paymentId, at: paid.atMs } }));
  exchange({ target: `/orders/${second?.id}` }, () => tagged(second ?? {}));
  exchange({ target: `/orders?userId=${userId}` }, () => json({ orders, count: 2, asOf: iso() }));
  exchange({ target: '/account' }, () => ({
    responseHeaders: [['Content-Type', 'text/html']],
    responseBody: `<h1>Ada</h1><p>since ${signedUpAt.at}</p><a href="/orders/${first?.id}">${first?.number}</a><b>25.00</b>`,
  }));
  return sketches;
}

function json(value: object): ExchangeSketch {
  return { responseHeaders: [['Content-Type', 'application/json']], responseBody: JSON.stringify(value) };
}

/** With a tag made of the body, as Express does it. */
function tagged(value: object): ExchangeSketch {
  const text = JSON.stringify(value);
  const hash = createHash('sha1').update(text).digest('base64').slice(0, 27);
  return withHeaders(json(value), [['ETag', `"${text.length.toString(16)}-${hash}"`]]);
}

function withHeaders(sketch: ExchangeSketch, more: HeaderList): ExchangeSketch {
  return { ...sketch, responseHeaders: [...(sketch.responseHeaders ?? []), ...more] };
}

function jwt(claims: object, signature: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}.${signature}`;
}
