/** Reading what wrk says: a load with failures in it is no measurement. */
import { parseWrk } from '../../../bench/load/wrk';

const said = (more: string) => `Running 2s test @ http://127.0.0.1:8080/
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   176.20us  157.12us   4.12ms   97.16%
    Req/Sec    90.63k    11.49k  111.12k    65.00%
  Latency Distribution
     50%  164.00us
     75%  190.00us
     90%    1.02ms
     99%    1.25s
  180346 requests in 2.00s, 218.43MB read
${more}Requests/sec:  90103.53
Transfer/sec:    109.13MB
`;

it('gives requests, requests a second, and how long they took', () => {
  expect(parseWrk(said(''))).toEqual({
    requests: 180_346,
    perSecond: 90_103.53,
    latencyUs: { p50: 164, p99: 1_250_000 },
  });
});

it.each(['  Socket errors: connect 0, read 3, write 0, timeout 0\n', '  Non-2xx or 3xx responses: 12\n'])(
  'refuses a run with failures: %j',
  (line) => {
    expect(() => parseWrk(said(line))).toThrow('wrk met failures');
  },
);

it('refuses what says nothing of requests', () => {
  expect(() => parseWrk('unable to connect to 127.0.0.1:1 Connection refused')).toThrow('nothing of requests');
});
