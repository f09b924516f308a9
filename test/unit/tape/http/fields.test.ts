import { codingsOf, contentCodingsOf } from '../../../../tape/http/codings';
import { connectionOptions } from '../../../../tape/http/hop-by-hop';
import { isToken, listedIn } from '../../../../tape/http/lists';

describe('lists', () => {
  it('reads all fields of a name as one list, in order and lower case', () => {
    const headers = [
      ['Vary', 'Accept, ,ORIGIN'],
      ['vary', 'cookie,'],
      ['Varying', 'no'],
    ] as const;
    expect(listedIn(headers, 'vary')).toEqual(['accept', 'origin', 'cookie']);
    expect(listedIn(headers, 'connection')).toEqual([]);
  });

  it('knows what may be a name', () => {
    expect(['X-A', "!#$%&'*+-.^_`|~", '', 'a b', 'a:b', 'ä'].map(isToken)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('codings', () => {
  const headers = [
    ['Transfer-Encoding', 'gzip, chunked'],
    ['Content-Encoding', 'X-GZIP;q=1, identity'],
    ['content-encoding', 'br'],
  ] as const;

  it('names what is still applied, in the order it was applied', () => {
    expect(codingsOf(headers)).toEqual(['gzip', 'br', 'gzip']);
  });

  it('tells those of the content from those of the connection', () => {
    expect(contentCodingsOf(headers)).toEqual(['gzip', 'br']);
  });
});

it('reads what a connection is asked for', () => {
  expect([...connectionOptions([['Connection', 'Keep-Alive, X-Trace']])]).toEqual(['keep-alive', 'x-trace']);
  expect(connectionOptions([['X', 'close']]).size).toBe(0);
});
