/**
 * The page of a report in Chromium, opened from a file: what it shows, filter, search and keys, light and dark, and that
 * nothing in it runs or is loaded but what is its own.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FinishedRun } from '../../../replayer/report/finished-run';
import { textOf } from '../../../replayer/report/format';
import { html } from '../../../replayer/report/html';
import { reportOf } from '../../../replayer/report/report';
import { visibleText } from '../../../tape/visible-text';
import { chromium, describeGenerated, generatedPackages } from '../../support/generated';
import { hostileInReports } from '../../support/hostile-texts';
import { callingRun, caseResult, finishedRun, runSaying, worstRun } from '../../support/reports';

jest.setTimeout(120_000); // a browser takes its time on a busy machine

/** The part of Playwright that is used: it is installed apart, without its types. */
interface Page {
  goto(url: string): Promise<unknown>;
  evaluate<T>(script: string): Promise<T>;
  on(event: string, listen: (event: { text(): string; url(): string }) => void): void;
  getByRole(
    role: string,
    options: { name: string | RegExp },
  ): { check(): Promise<void>; isChecked(): Promise<boolean> };
  keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  emulateMedia(media: { colorScheme: 'light' | 'dark' }): Promise<void>;
  close(): Promise<void>;
}
interface Browser {
  newPage(options?: { javaScriptEnabled: boolean }): Promise<Page>;
  close(): Promise<void>;
}

describeGenerated('the page of a report', ['playwright-core', chromium], () => {
  const folder = mkdtempSync(join(tmpdir(), 'wiretape-page-'));
  let browser: Browser;
  let asked: string[];
  let complaints: string[];
  let opened: Page[] = [];

  beforeAll(async () => {
    const { chromium: driver } = require(join(generatedPackages, 'playwright-core'));
    browser = await driver.launch({ executablePath: chromium, args: ['--no-sandbox'] });
  });

  afterEach(async () => {
    await Promise.all(opened.map((page) => page.close()));
    opened = [];
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  async function open(run: FinishedRun, options?: { javaScriptEnabled: boolean }): Promise<Page> {
    const file = join(folder, 'report.html');
    writeFileSync(file, textOf(html, run));
    const page = await browser.newPage(options);
    opened.push(page);
    asked = [];
    complaints = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('dialog', () => complaints.push('a dialog'));
    await page.goto(pathToFileURL(file).href);
    return page;
  }

  const shownCases = `Array.from(document.querySelectorAll('.case')).filter((each) => each.checkVisibility())`;
  const names = (page: Page) =>
    page.evaluate<string[]>(`${shownCases}.map((each) => each.querySelector('.name').textContent)`);

  it('needs nothing but itself', async () => {
    const page = await open(worstRun);
    expect(asked).toEqual([pathToFileURL(join(folder, 'report.html')).href]);
    expect(complaints).toEqual([]);
    expect(await page.evaluate('document.querySelector("#shown").textContent')).toBe('9 shown');
  });

  it('shows those that failed, passed, were skipped, are flaky or were excused, and what a search finds', async () => {
    const page = await open(worstRun);
    const all = [
      'POST /orders -> 201',
      'POST /orders -> 201',
      'GET /slow -> 200',
      'GET /me -> 200',
      '4 cases',
      'POST /login -> 200',
    ];
    expect(await names(page)).toEqual(all);
    const filtered = async (name: RegExp): Promise<string[]> => {
      await page.getByRole('radio', { name }).check();
      return names(page);
    };
    expect(await filtered(/^failed 3$/)).toEqual(all.slice(0, 3));
    expect(await filtered(/^passed 1$/)).toEqual(['POST /login -> 200']);
    expect(await filtered(/^skipped 5$/)).toEqual(['GET /me -> 200', '4 cases']);
    expect(await page.evaluate('document.querySelector("#shown").textContent')).toBe('5 shown');
    expect(await filtered(/^flaky 1$/)).toEqual(['POST /orders -> 201']);
    expect(await filtered(/^excused 3$/)).toEqual(['POST /orders -> 201', 'POST /orders -> 201', 'POST /login -> 200']);
    await page.keyboard.press('/');
    await page.keyboard.type('noise.yaml');
    expect(await names(page)).toEqual(['POST /login -> 200']);
    await page.keyboard.press('Escape');
    expect(await names(page)).toHaveLength(3);
  });

  it('is used without a mouse', async () => {
    const page = await open(worstRun);
    const at = 'document.activeElement.closest(".case")?.querySelector(".name").textContent';
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    expect(await page.evaluate(at)).toBe('GET /slow -> 200');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.closest("details").open')).toBe(true);
    await page.keyboard.press('k');
    expect(await page.evaluate(at)).toBe('POST /orders -> 201');
    await page.keyboard.press('x');
    expect(await page.evaluate(`${shownCases}.every((each) => each.open)`)).toBe(true);
    await page.keyboard.press('x');
    expect(await page.evaluate(`${shownCases}.some((each) => each.open)`)).toBe(false);
  });

  it('shows both answers side by side, and marks where they part', async () => {
    const page = await open(runSaying('said'));
    await page.keyboard.press('x');
    const rows = await page.evaluate<string[]>(
      'Array.from(document.querySelectorAll(".sides code")).map((each) => each.className + ": " + each.textContent)',
    );
    expect(rows).toContain('differs: ≠    "at": "then said"');
    expect(rows).toContain('differs: ≠    "at": "now said"');
    expect(
      await page.evaluate(
        'Array.from(document.querySelectorAll(".differences tr")).find((each) => each.textContent.includes("[0].price")).innerText',
      ),
    ).toMatch(/12\.5\s+13$/);
  });

  it('shows what the build called, what it did not, and who refused a mock', async () => {
    const page = await open(callingRun);
    await page.getByRole('radio', { name: /^other calls 1$/ }).check();
    expect(await names(page)).toEqual(['POST /pay -> 201']);
    await page.keyboard.press('x');
    const texts = (selector: string) =>
      page.evaluate<string[]>(
        `Array.from(document.querySelectorAll('${selector}')).map((each) => each.innerText.replace(/\\s+/g, ' ').trim())`,
      );
    expect(await texts('.differences:not(.calls) tbody tr')).toContain('body.state "paid" "open"');
    expect(await texts('.calls tbody tr')).toEqual([
      'POST payments:80/charges never made made (not made)',
      'GET stock:80/items of another case (not made) made',
      'GET mail:80/box header["x-tenant"] not as recorded "acme" "umbrella"',
      'GET mail:80/box header["x-trace"] not as recorded "on" (not there)',
      'all calls in another order, or more or less often GET mail:80/box GET rates:80/today GET rates:80/today GET mail:80/box',
    ]);
    expect(await texts('.made li')).toEqual([
      'GET mail:80/box?page=2 exact exchange 42',
      'GET mail:80/rates moment exchange 43',
      'POST payments/charges miss',
    ]);
    expect(await texts('main > ul li')).toEqual([
      'calls of the build: 1 never made, 1 of another case, 2 not as recorded, 1 in another order, or more or less often',
      'node (pid 4711) refused the certificate of vault:443: unknown CA, 2 times',
    ]);
    await page.evaluate('document.querySelectorAll("main > details").forEach((each) => { each.open = true; })');
    const sections = await texts('main > details:not(.case)');
    expect(sections[0]).toMatch(/^Calls that no mock answers .*POST http:\/\/payments\/charges.* 1299 1399/);
    expect(sections[1]).toBe(
      'Calls that were answered, and are not as recorded GET mail:80/box?page=2 case 10 header["x-tenant"] expected "acme", got "umbrella" GET mail:80/rates case 10 recorded under case 1',
    );
  });

  it.each(hostileInReports)('runs nothing of what was recorded, and shows it: %j', async (text) => {
    const page = await open(runSaying(text));
    await page.keyboard.press('x');
    expect(await page.evaluate('globalThis.owned ?? null')).toBeNull();
    expect(complaints).toEqual([]);
    expect(asked).toHaveLength(1);
    const said = await page.evaluate<string>('document.querySelector("h1").textContent');
    expect(said).toBe(`Failed · ${visibleText(text.toWellFormed()).replace(/\r/g, '')}.tape`);
    expect(await page.evaluate('document.scripts.length')).toBe(1);
  });

  it('has a policy that would stop what got in all the same', async () => {
    const page = await open(worstRun);
    const blocked = await page.evaluate(`new Promise((done) => {
      const blocked = [];
      document.addEventListener('securitypolicyviolation', (event) => blocked.push(event.blockedURI) === 2 && done(blocked));
      document.body.insertAdjacentHTML('beforeend', '<img src="http://127.0.0.1:9/x" onerror="globalThis.owned = true">');
    })`);
    expect(blocked).toEqual(['inline', 'http://127.0.0.1:9/x']);
    expect(await page.evaluate('globalThis.owned ?? null')).toBeNull();
  });

  it('is light or dark as the system is', async () => {
    const page = await open(worstRun);
    const back = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await back();
    await page.emulateMedia({ colorScheme: 'dark' });
    expect([light, await back()]).toEqual(['rgb(255, 255, 255)', 'rgb(15, 19, 24)']);
  });

  it('is whole without a script', async () => {
    const page = await open(worstRun, { javaScriptEnabled: false });
    expect(await page.evaluate('document.querySelector("#shown").textContent')).toBe('');
    expect(await names(page)).toHaveLength(6);
  });

  it('holds ten thousand cases', async () => {
    const results = Array.from({ length: 10_000 }, (_, i) => caseResult({ id: String(i), name: `GET /n/${i} -> 200` }));
    const page = await open(finishedRun(reportOf(results, [])));
    await page.keyboard.press('/');
    await page.keyboard.type('/n/9999 ');
    expect(await names(page)).toEqual(['GET /n/9999 -> 200']);
  });
});
