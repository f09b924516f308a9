/** What the build under test prints: all of it into a file where one is named, the end of it to people where the run failed. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { cannotWrite } from '../errors/cannot-write';
import { visibleLine } from './terminal';

export interface AppLog {
  line(text: string): void;
  /** The last lines, each behind a bar; [] where it printed nothing. */
  lastLines(): string[];
  close(): void;
}

const shownLines = 200;

/** Throws FILE_UNREADABLE where the file cannot be written. */
export function openAppLog(file: string | undefined): AppLog {
  const fd = file === undefined ? null : openFile(file);
  const kept: string[] = [];
  let dropped = 0;
  return {
    line(text) {
      if (fd !== null) writeSync(fd, `${text}\n`);
      kept.push(text);
      if (kept.length <= shownLines) return;
      kept.shift();
      dropped++;
    },
    lastLines() {
      const where = file === undefined ? 'all of it:  --app-log FILE' : `all of it in ${file}`;
      const before = dropped === 0 ? [] : [`| … ${dropped} lines before; ${where}`];
      return [...before, ...kept.map((text) => `| ${visibleLine(text)}`)];
    },
    close() {
      if (fd !== null) closeSync(fd);
    },
  };
}

function openFile(file: string): number {
  try {
    return openSync(file, 'w', 0o600);
  } catch (cause) {
    throw cannotWrite(file, cause, 'Give --app-log a file in a folder that exists and that you may write to');
  }
}
