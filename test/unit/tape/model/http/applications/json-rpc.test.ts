import { spokenLine, type Talk } from '../../../../../support/applications';

const call = { jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] };
const old = { method: 'getinfo', params: [], id: 1 };
const error = (code: unknown) => ({ jsonrpc: '2.0', id: 1, error: { code, message: 'no' } });

it.each<[string, Talk]>([
  ['call eth_blockNumber -> 200', { asks: call, answers: { jsonrpc: '2.0', id: 1, result: '0x1' } }],
  ['call tools/list -> 200', { asks: { ...call, method: 'tools/list', params: {} }, answerType: 'text/event-stream' }],
  ['notify log -> 204', { asks: { jsonrpc: '2.0', method: 'log' }, status: 204 }],
  [
    'call a,b -> 200',
    {
      asks: [
        { ...call, method: 'a' },
        { ...call, id: 2, method: 'b' },
        { ...call, id: 3, method: 'a' },
      ],
    },
  ],
  ['call a,b,c,d,e,… -> 200', { asks: [...'abcdef'].map((method, id) => ({ ...call, id, method })) }],
  ['call eth_blockNumber -> -32601', { asks: call, answers: error(-32601) }],
  ['call eth_blockNumber -> -32603 !', { asks: call, answers: error(-32603) }],
  ['call eth_blockNumber -> -32000 !', { asks: call, answers: error(-32000) }],
  ['call eth_blockNumber -> error', { asks: call, answers: error('x') }],
  ['call eth_blockNumber -> errors', { asks: call, answers: [error(1), error(2)] }],
  ['call eth_blockNumber -> 200', { asks: call, answers: { jsonrpc: '2.0', id: 1, result: { error: 'x' } } }],
  ['call eth_blockNumber -> no answer', { asks: call, answers: null }],
  ['call eth_blockNumber -> 200', { asks: call, type: null }],
  ['call getinfo -> 200', { asks: old, answers: { result: {}, error: null, id: 1 } }],
  ['call getinfo -> -5', { asks: old, answers: { result: null, error: { code: -5 }, id: 1 } }],
  ['call getinfo -> 500', { asks: { jsonrpc: '1.0', ...old }, answers: '', status: 500 }],
])('says %s', (line, talk) => {
  expect(spokenLine(talk)).toBe(`JSON-RPC: ${line}`);
});

it.each<[string, Talk]>([
  ['an order with a payment method', { asks: { method: 'card', amount: 3 } }],
  ['a call of 1.0 whose answer is none', { asks: old, answers: { ok: true } }],
  ['a call of 1.0 without an answer', { asks: old, answers: null }],
  ['an answer that is sent as a request', { asks: { jsonrpc: '2.0', id: 1, result: {} } }],
  ['a batch with something else in it', { asks: [call, { method: 'x' }] }],
  ['an empty batch', { asks: [] }],
  ['a form', { asks: 'method="x"&jsonrpc"=2.0', type: 'application/x-www-form-urlencoded' }],
  ['what is cut', { asks: '{"jsonrpc":"2.0","method":"x","par' }],
  ['another method', { method: 'PUT', asks: call }],
])('says nothing of %s', (_, talk) => {
  expect(spokenLine(talk)).toBeNull();
});
