/** What the kernel side leaves out while the recorder is behind: whole turns, so that what stands beside them is whole. */
import { operationOf } from '../../../tape/model/registry';
import { client, closes, converse, missing, type Seen, server } from '../../support/converse';

const get = (path: string) => client(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
const ok = (text: string) => server(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
const leftOut = (asked: number, answered: number) => [
  missing('server', answered, 'left-out'),
  missing('client', asked, 'left-out'),
];

const list = ({ exchanges }: Seen) =>
  exchanges.map((exchange) => [operationOf(exchange).target, operationOf(exchange).result, ...exchange.problems]);
const bytes = ({ losses }: Seen) => losses.map(({ reason, connection, bytes: lost }) => [reason, connection, lost]);

it('damages no exchange before it and none after it', () => {
  const seen = converse(get('/a'), ok('A'), ...leftOut(100, 200), get('/b'), ok('B'), get('/c'), ok('C'), closes());
  expect(list(seen)).toEqual([
    ['/a', '200'],
    ['/b', '200'],
    ['/c', '200'],
  ]);
  expect(bytes(seen)).toEqual([['hole', 1, 300]]);
});

it('may be where a connection begins, or ends', () => {
  const seen = converse(...leftOut(100, 200), get('/b'), ok('B'), ...leftOut(50, 60), closes());
  expect(list(seen)).toEqual([['/b', '200']]);
  expect(bytes(seen)).toEqual([['hole', 1, 410]]);
});

it('may come again and again', () => {
  const again = [...leftOut(100, 200), get('/b'), ok('B')];
  const seen = converse(get('/a'), ok('A'), ...again, ...again, ...again, ...leftOut(50, 60), closes());
  expect(list(seen)).toEqual([['/a', '200'], ...Array(3).fill(['/b', '200'])]);
});

it('leaves nothing of a connection that was left out altogether but how much it was', () => {
  const seen = converse(...leftOut(100, 200), closes());
  expect(list(seen)).toEqual([]);
  expect(bytes(seen)).toEqual([['hole', 1, 300]]);
});

it('says of an exchange that it stands in the middle of that it is not whole', () => {
  const seen = converse(get('/a'), missing('server', 300, 'left-out'), missing('client', 30, 'left-out'), closes());
  expect(list(seen)[0]).toContain('lost-bytes');
});
