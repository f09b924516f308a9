/** What is built lies together in dist/, in a checkout and in an installed package alike. */
import { basename, dirname, join } from 'node:path';

export function builtFile(name: string): string {
  const above = dirname(__dirname);
  return basename(above) === 'dist' ? join(above, name) : join(above, 'dist', name);
}
