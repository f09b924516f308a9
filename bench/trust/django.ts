/** The administration of Django: pages with forms, sessions, and tokens against forged requests, over SQLite. */
import { join } from 'node:path';
import type { HeaderList } from '../../tape/model/body';
import type { Reply } from '../../test/support/recorded-http';
import type { Application, Client } from './application';
import { programs } from './requests';

export const django: Application = {
  name: 'Django 5.2 admin (gunicorn)',
  from: 'pip install django==5.2.19 gunicorn==23.0.0; django-admin startproject',
  needs: 'py/bin/django-admin',
  command: (files) => ['env', `FILES=${files}`, join(programs, 'django.sh')],
  upstream: null,
  database: null,
  secrets: { password: 'lovelace-1815' },
  async use(client) {
    const browser = new Browser(client);
    await client.call({ path: '/admin/' }); // sends to the log-in
    const login = { username: 'ada', password: 'lovelace-1815', next: '/admin/' };
    await browser.post('/admin/login/?next=/admin/', login);
    await browser.get('/admin/');
    for (const name of ['editors', 'readers', 'editors']) {
      await browser.post('/admin/auth/group/add/', { name, permissions: '1', _save: 'Save' }); // the third is refused
    }
    await browser.get('/admin/auth/group/?o=-1');
    await browser.post('/admin/auth/group/2/delete/', { post: 'yes' });
    await browser.get('/admin/auth/group/2/change/');
    await browser.post('/admin/logout/', {}, '/admin/');
    await browser.get('/admin/');
  },
};

/** Keeps cookies, and sends a form with the token that stands in it. */
class Browser {
  private readonly cookies = new Map<string, string>();

  constructor(private readonly client: Client) {}

  async get(path: string): Promise<string> {
    return this.keep(await this.client.call({ path, headers: this.own() }));
  }

  /** The form that stands at `page`. */
  async post(path: string, fields: Readonly<Record<string, string>>, page = path): Promise<void> {
    const [, token = ''] = /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(await this.get(page)) ?? [];
    const body = new URLSearchParams({ ...fields, csrfmiddlewaretoken: token }).toString();
    const headers: HeaderList = [['Content-Type', 'application/x-www-form-urlencoded'], ...this.own()];
    this.keep(await this.client.call({ method: 'POST', path, headers, body }));
  }

  private own(): HeaderList {
    if (this.cookies.size === 0) return [];
    return [['Cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')]];
  }

  private keep({ headers, text }: Reply): string {
    for (const [name, value] of headers) {
      const [, cookie, content = ''] = /^([^=;]+)=("[^"]*"|[^;]*)/.exec(value) ?? [];
      if (name.toLowerCase() !== 'set-cookie' || cookie === undefined) continue;
      if (content === '' || content === '""') this.cookies.delete(cookie);
      else this.cookies.set(cookie, content);
    }
    return text;
  }
}
