/** Texts that people and scripts read, held by files. `WIRETAPE_UPDATE_GOLDEN=1` rewrites them; the diff is to be read. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const folder = join(__dirname, '../golden');

/** Compares a text with `test/golden/NAME`. A file that is missing fails, except when golden files are rewritten. */
export function expectGolden(name: string, text: string): void {
  const file = join(folder, name);
  const whole = text.endsWith('\n') ? text : `${text}\n`;
  if (process.env.WIRETAPE_UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, whole);
  }
  expect(existsSync(file) ? readFileSync(file, 'utf8') : `(there is no ${name})`).toBe(whole);
}
