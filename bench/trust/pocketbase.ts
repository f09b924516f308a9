/** PocketBase: a service in Go, with accounts, tokens, ids made at random, files, and SQLite inside. */
import { join } from 'node:path';
import type { HeaderList } from '../../tape/model/body';
import type { Application } from './application';
import { json, multipart, programs } from './requests';

export const pocketbase: Application = {
  name: 'PocketBase 0.36.0',
  from: 'go install github.com/pocketbase/pocketbase/examples/base@v0.36.0',
  needs: 'go/base',
  command: (files) => ['env', `FILES=${files}`, join(programs, 'pocketbase.sh')],
  upstream: null,
  database: null,
  secrets: { password: 'lovelace-1815', passwordConfirm: 'lovelace-1815' },
  async use(client) {
    const [users, posts] = ['/api/collections/users', '/api/collections/posts'];
    const password = 'lovelace-1815';
    const signIn = async (path: string, identity: string) =>
      (await json(client, 'POST', `${path}/auth-with-password?fields=token`, { identity, password })).json().token ??
      '';
    await client.call({ path: '/api/health' });
    const admin: HeaderList = [['Authorization', await signIn('/api/collections/_superusers', 'ada@example.test')]];
    await json(client, 'POST', '/api/collections', collectionOfPosts, admin);
    const people: string[] = [];
    for (const name of ['bob', 'eve']) {
      const person = {
        email: `${name}@example.test`,
        password,
        passwordConfirm: password,
        name,
        emailVisibility: true,
      };
      people.push((await json(client, 'POST', `${users}/records`, person)).json().id ?? '');
    }
    const [bob = '', eve = ''] = people;
    const own: HeaderList = [['Authorization', await signIn(users, 'bob@example.test')]];
    await json(client, 'POST', `${users}/auth-refresh`, {}, own);
    const made: string[] = [];
    for (const n of [1, 2, 3]) {
      const post = {
        title: `Post ${n}`,
        views: n * 10,
        author: bob,
        tags: ['a', n],
        due: `2026-12-0${n} 10:00:00.000Z`,
      };
      made.push((await json(client, 'POST', `${posts}/records`, post, own)).json().id ?? '');
    }
    const [first = '', second = ''] = made;
    const form = ['title', 'With a file', 'author', bob, 'cover"; filename="notes.txt', '0123456789'.repeat(50)];
    const { id = '', cover = '' } = (
      await client.call({ method: 'POST', path: `${posts}/records`, ...multipart(form, own) })
    ).json();
    await json(client, 'POST', `${posts}/records`, { title: 'x' }, own); // too short
    await json(client, 'POST', `${posts}/records`, { title: 'Of nobody' });
    for (const query of [
      'page=1&perPage=2&sort=-views',
      'page=2&perPage=2&sort=-views',
      'filter=(views%3E10)&expand=author&sort=title',
    ]) {
      await client.call({ path: `${posts}/records?${query}` });
    }
    await json(client, 'PATCH', `${posts}/records/${first}`, { title: 'Changed', 'views+': 5 }, own);
    await client.call({ path: `${posts}/records/${first}?expand=author` });
    await client.call({ path: `${posts}/records/nosuchrecord000` });
    const file = `/api/files/posts/${id}/${cover}`;
    await client.call({ path: file });
    await client.call({ path: file, headers: [['Range', 'bytes=10-29']] });
    await client.call({ path: file, headers: [['Range', 'bytes=9000-']] });
    await client.call({ method: 'HEAD', path: file });
    await json(client, 'PATCH', `${users}/records/${eve}`, { name: 'Mallory' }, own); // not hers to change
    await client.call({ method: 'DELETE', path: `${posts}/records/${second}`, headers: own });
    await client.call({ method: 'DELETE', path: `${posts}/records/${second}`, headers: own });
    await client.call({ path: `${posts}/records?skipTotal=1&fields=id,title,created` });
    await client.call({ path: '/api/settings', headers: own });
  },
};

const collectionOfPosts = {
  name: 'posts',
  type: 'base',
  listRule: '',
  viewRule: '',
  createRule: '@request.auth.id != ""',
  updateRule: 'author = @request.auth.id',
  deleteRule: 'author = @request.auth.id',
  fields: [
    { name: 'title', type: 'text', required: true, min: 3 },
    { name: 'views', type: 'number' },
    { name: 'cover', type: 'file', maxSelect: 1, maxSize: 5_242_880 },
    { name: 'author', type: 'relation', collectionId: '_pb_users_auth_', maxSelect: 1 },
    { name: 'tags', type: 'json' },
    { name: 'due', type: 'date' },
    { name: 'created', type: 'autodate', onCreate: true },
    { name: 'updated', type: 'autodate', onCreate: true, onUpdate: true },
  ],
};
