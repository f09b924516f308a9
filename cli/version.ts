/** The version of this wiretape, from its package.json; the file lies one folder up in a checkout, two up in dist/. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export function wiretapeVersion(): string {
  const file = [join(__dirname, '../package.json'), join(__dirname, '../../package.json')].find((path) =>
    existsSync(path),
  );
  return file === undefined ? 'unknown' : (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
