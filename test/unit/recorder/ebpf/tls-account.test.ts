import { TlsAccount } from '../../../../recorder/source/ebpf/bind/tls-account';

describe('a connection whose cipher suite nobody saw', () => {
  it.each([
    ['only a Finished', { records: 1, bytes: 69 }, false],
    ['a Finished and an alert', { records: 2, bytes: 69 + 19 }, false],
    ['a Finished, a request and an alert', { records: 3, bytes: 69 + 40 + 19 }, true],
    ['one long record', { records: 1, bytes: 120 }, true],
  ])('counts as one that carries data where its client sent %s: %s', (_, sealed, carries) => {
    const account = new TlsAccount('sent', false);
    account.learnTotal('sent', sealed);
    account.learnTotal('received', { records: 4, bytes: 1200 });
    expect(account.carriesData).toBe(carries);
  });

  it('counts as one that carries data where it is older than the recording and its client sent anything', () => {
    const account = new TlsAccount('received', true);
    account.learnTotal('received', { records: 1, bytes: 30 });
    expect(account.carriesData).toBe(true);
  });
});
