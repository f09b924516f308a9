/** The formats of other tools that exchanges are read from, in the order in which files are tried. */
import { gor } from './gor';
import { har } from './har';
import type { Importer, ImportFile } from './importer';
import { keploy } from './keploy';

export const importers: readonly Importer[] = [har, gor, keploy];

/** The format that the files look like; undefined where they look like none. */
export function importerFor(files: readonly ImportFile[]): Importer | undefined {
  return importers.find((importer) => importer.recognises(files));
}
