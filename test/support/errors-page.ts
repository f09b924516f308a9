/** docs/errors.md as data: a section a code, each with the text a terminal shows. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readProjectFile, root } from './source-tree';

const page = 'docs/errors.md';
const shown = /^```\n([\s\S]*?)\n```$/m;

/** Sections by code, in the page's order: what stands between a `### CODE` and the next heading. */
export function errorSections(): ReadonlyMap<string, string> {
  const sections = readProjectFile(page).split(/^### /m).slice(1);
  return new Map(
    sections.map((section) => [section.split('\n')[0]?.trim() ?? '', section.replace(/^## [\s\S]*/m, '')]),
  );
}

/** The text the page shows for a code; undefined where it shows none. */
export function shownError(code: string): string | undefined {
  return shown.exec(errorSections().get(code) ?? '')?.[1];
}

/** Puts what was really printed onto the page: only under WIRETAPE_UPDATE_GOLDEN=1, and the diff is read. */
export function updateShownError(code: string, text: string): void {
  const [before = '', after = ''] = readProjectFile(page).split(`### ${code}\n`);
  writeFileSync(join(root, page), `${before}### ${code}\n${after.replace(shown, () => `\`\`\`\n${text}\n\`\`\``)}`);
}
