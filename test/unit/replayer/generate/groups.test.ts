import { casesFrom, isRunnable } from '../../../../replayer/cases/cases';
import { groupsOf, slugOf } from '../../../../replayer/generate/story/groups';
import { storedExchanges } from '../../../support/exchanges';

function groupsFor(...targets: readonly string[]) {
  const cases = casesFrom(storedExchanges(...targets.map((target) => ({ target })))).filter(isRunnable);
  return groupsOf(cases);
}

describe('endpoint groups', () => {
  it('put what deals with one collection into one file, in recorded order', () => {
    const groups = groupsFor('/orders', '/users/17', '/orders/17', '/orders?page=2');
    expect(groups.map(({ slug, cases }) => [slug, cases.map(({ step }) => step)])).toEqual([
      ['orders', [1, 3, 4]],
      ['users', [2]],
    ]);
  });

  it('look past prefixes that name no collection', () => {
    const groups = groupsFor('/api/v2/orders/17', '/v1/users', '/rest/api/users');
    expect(groups.map(({ title, slug }) => [title, slug])).toEqual([
      ['/api/v2/orders', 'api-v2-orders'],
      ['/rest/api/users', 'rest-api-users'],
      ['/v1/users', 'v1-users'],
    ]);
  });

  it('number repeats of a name, so that every test has its own', () => {
    const titles = groupsFor('/orders', '/orders', '/orders/17').flatMap(({ cases }) =>
      cases.map(({ title }) => title),
    );
    expect(titles).toEqual(['GET /orders -> 200', 'GET /orders -> 200 [2]', 'GET /orders/{orderId} -> 200']);
  });

  it('share a file where their names differ only in what a file name cannot say', () => {
    expect(groupsFor('/Orders', '/orders').map(({ slug }) => slug)).toEqual(['orders']);
  });
});

describe('file names', () => {
  it.each([
    ['/', 'root'],
    ['/../../etc/passwd', 'etc-passwd'],
    ['/grüße', 'gr-e'],
    [`/${'a'.repeat(300)}`, 'a'.repeat(60)],
  ])('%s -> %s', (path, slug) => {
    expect(slugOf(path)).toBe(slug);
  });
});
