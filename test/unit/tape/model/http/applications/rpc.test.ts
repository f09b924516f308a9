/** Remote calls in a list: by their path, with the status they ended with, wherever an answer says it. */
import type { HeaderList } from '../../../../../../tape/model/body';
import { operationOf } from '../../../../../../tape/model/registry';
import { envelope } from '../../../../../support/rpc';
import { bodyOf, type ExchangeParts, exchangeOf, messageOf, requestOf, responseOf } from '../../../../../support/tapes';

const target = '/shop.v1.Shop/Login';
const typed = (type: string, ...more: HeaderList): HeaderList => [['Content-Type', type], ...more];

function line(parts: ExchangeParts): string {
  const {
    application,
    verb,
    target: of,
    result,
    failed,
    over,
  } = operationOf(exchangeOf({ protocol: 'http2', ...parts }));
  return `${application}: ${verb} ${of} -> ${result}${failed ? ' !' : ''} over ${over?.verb} ${over?.result}`;
}

function call(
  type: string,
  answer: Partial<Parameters<typeof responseOf>[0]>,
  more: HeaderList = [],
  body: string | Buffer = '',
): ExchangeParts {
  return {
    request: requestOf({ method: 'POST', target, headers: typed(type, ...more), body: bodyOf(body) }),
    response: responseOf({ headers: typed(type), body: bodyOf(''), ...answer }),
  };
}

const web = 'application/grpc-web+proto';
const trailersOf = (status: number) => envelope(`grpc-status: ${status}\r\ngrpc-message: x\r\n`, 0x80);
const json = (value: unknown) => bodyOf(JSON.stringify(value));
const connectField: HeaderList = [['connect-protocol-version', '1']];
const unary = (answer: object) => call('application/json', answer, connectField, '{}');

it.each<[string, ExchangeParts]>([
  [`gRPC: call ${target} -> OK over POST 200`, call('application/grpc', { trailers: [['grpc-status', '0']] })],
  [
    `gRPC: call ${target} -> NOT_FOUND over POST 200`,
    call('application/grpc+proto', { trailers: [['Grpc-Status', '5']] }),
  ],
  [
    `gRPC: call ${target} -> UNIMPLEMENTED ! over POST 200`,
    call('application/grpc', { headers: typed('application/grpc', ['grpc-status', '12']) }),
  ],
  [`gRPC: call ${target} -> 99 over POST 200`, call('application/grpc', { trailers: [['grpc-status', '99']] })],
  [`gRPC: call ${target} -> null over POST 200`, call('application/grpc', {})],
  [
    `gRPC: call ${target} -> 503 ! over POST 503`,
    call('application/grpc', { status: 503, headers: typed('text/html') }),
  ],
  [`gRPC: call ${target} -> null over POST null`, { ...call('application/grpc', {}), response: null }],
  [
    `gRPC-web: call ${target} -> INTERNAL ! over POST 200`,
    call(web, { body: bodyOf(Buffer.concat([envelope('a'), trailersOf(13)])) }),
  ],
  [
    `gRPC-web: call ${target} -> NOT_FOUND over POST 200`,
    call('application/grpc-web-text', { body: bodyOf(trailersOf(5).toString('base64')) }),
  ],
  [
    `gRPC-web: call ${target} -> UNAVAILABLE ! over POST 200`,
    {
      ...call(web, {}),
      messages: [
        messageOf('a', { kind: 'message', from: 'server' }),
        messageOf('grpc-status: 14\r\n', { kind: 'trailers', from: 'server' }),
      ],
    },
  ],
  [`Connect: call ${target} -> OK over POST 200`, unary({ body: json({}) })],
  [
    `Connect: call ${target} -> NOT_FOUND over POST 404`,
    unary({ status: 404, body: json({ code: 'not_found', message: 'no' }), headers: typed('application/json') }),
  ],
  [
    `Connect: call ${target} -> INTERNAL ! over POST 500`,
    unary({ status: 500, body: json({ code: 'internal' }), headers: typed('application/json') }),
  ],
  [
    `Connect: call ${target} -> 502 ! over POST 502`,
    unary({ status: 502, body: bodyOf('<html>'), headers: typed('text/html') }),
  ],
  [
    `Connect: call ${target} -> OK over GET 200`,
    {
      request: requestOf({ method: 'GET', target: `${target}?connect=v1&encoding=json&message=%7B%7D` }),
      response: responseOf(),
    },
  ],
  [
    `Connect: call ${target} -> CANCELLED over POST 200`,
    call('application/connect+json', {
      body: bodyOf(Buffer.concat([envelope('{}'), envelope('{"error":{"code":"canceled"}}', 2)])),
    }),
  ],
  [
    `Connect: call ${target} -> OK over POST 200`,
    { ...call('application/connect+proto', {}), messages: [messageOf('{}', { kind: 'end', from: 'server' })] },
  ],
])('%s', (expected, parts) => {
  expect(line(parts)).toBe(expected);
});

it('is none where the type of the body only looks like it', () => {
  for (const type of ['application/grpcx', 'text/plain', 'application/json', 'application/proto']) {
    expect(line(call(type, {}))).toMatch(/^null: POST/);
  }
});
