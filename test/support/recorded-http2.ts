/** A sign-up, a sign-in by cookie, an order and its look-up, asked over HTTP/2 and kept as a recorder would keep them. */
import type { StoredExchange } from '../../tape/store/tape';
import { answerIn, get, Stage } from './driving';
import { type ExchangeSketch, storedExchanges } from './exchanges';

const json = [['content-type', 'application/json']] as const;
const account = { email: 'ada@example.test', password: 'correct horse' };

export async function recordOverHttp2(url: string): Promise<StoredExchange[]> {
  const stage = new Stage();
  const driver = stage.drive(url);
  const sketches: ExchangeSketch[] = [];
  const call = async (sketch: ExchangeSketch) => {
    const { method = 'GET', target = '/', requestHeaders = [], requestBody } = sketch;
    const body = Buffer.from(requestBody === undefined ? '' : JSON.stringify(requestBody));
    const sent = await driver.send(get(target, { method, headers: requestHeaders, body, http2: 'plaintext' }), '1');
    const { status, headers, body: answered } = answerIn(sent);
    const channel = 2 * sketches.length + 1;
    const host = new URL(url).host;
    sketches.push({ ...sketch, channel, host, status, responseHeaders: headers, responseBody: answered.bytes });
    return { headers, json: JSON.parse(Buffer.from(answered.bytes).toString()) };
  };
  try {
    await call({ method: 'POST', target: '/signup', requestHeaders: json, requestBody: account });
    const login = await call({ method: 'POST', target: '/login', requestHeaders: json, requestBody: account });
    const cookie = login.headers.find(([name]) => name === 'set-cookie')?.[1].split(';')[0] ?? '';
    const signedIn = [...json, ['cookie', 'theme=dark'], ['cookie', cookie]] as const;
    const order = { item: 'lamp', quantity: 2 };
    const created = await call({ method: 'POST', target: '/orders', requestHeaders: signedIn, requestBody: order });
    await call({ target: `/orders/${created.json.id}`, requestHeaders: signedIn });
  } finally {
    await stage.close();
  }
  return storedExchanges(...sketches);
}
