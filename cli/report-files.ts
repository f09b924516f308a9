/** `--report FORMAT=FILE` and `--junit FILE`: which reports are asked for, and writing them. What cannot be written is refused before the run. */
import { accessSync, closeSync, constants, openSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { cannotWrite } from '../errors/cannot-write';
import { didYouMean } from '../errors/did-you-mean';
import type { WiretapeError } from '../errors/wiretape-error';
import type { FinishedRun } from '../replayer/report/finished-run';
import type { ReportFormat } from '../replayer/report/format';
import { github } from '../replayer/report/github';
import { html } from '../replayer/report/html';
import { junit } from '../replayer/report/junit';
import { reportFormats } from '../replayer/report/registry';
import { GithubLog } from './github-log';
import { usage } from './options';

export interface ReportFile {
  readonly format: ReportFormat;
  readonly file: string;
}

export interface Reports {
  readonly files: readonly ReportFile[];
  /** Null where nobody reads it. */
  readonly githubLog: GithubLog | null;
}

export interface ReportArguments {
  readonly report?: readonly string[] | undefined;
  readonly junit?: string | undefined;
}

/** For `--help`. */
export const reportHelp = `also write a report, FORMAT=FILE; repeatable. FORMAT is ${reportFormats.map(({ name }) => name).join(', ')}; github needs no FILE and is on where GITHUB_ACTIONS is true`;

/** Throws USAGE, and FILE_UNREADABLE for a folder that is not there or may not be written to. */
export function reportsFrom({ report = [], junit: junitFile }: ReportArguments, env: NodeJS.ProcessEnv): Reports {
  const isAlone = (text: string): boolean => text === github.name;
  const files = [
    ...(junitFile === undefined ? [] : [{ format: junit, file: junitFile }]),
    ...report.filter((text) => !isAlone(text)).map(reportFile),
  ];
  refuseTwice(files);
  for (const { file } of files) refuseUnwritable(file);
  const isOnGithub = report.some(isAlone) || env.GITHUB_ACTIONS === 'true';
  return { files, githubLog: isOnGithub ? new GithubLog() : null };
}

function reportFile(text: string): ReportFile {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  const format = reportFormats.find((each) => each.name === name);
  if (format === undefined) throw unknownFormat(name);
  const file = at < 0 ? '' : text.slice(at + 1);
  if (file !== '') return { format, file };
  throw usage(`--report ${text} names no file`, `Write it as --report ${name}=FILE`);
}

function unknownFormat(name: string): WiretapeError {
  const names = reportFormats.map((each) => each.name);
  const meant = didYouMean(name, names);
  return usage(`--report ${name}: there is no such format`, [
    ...(meant === undefined ? [] : [`Did you mean ${meant}?`]),
    ...reportFormats.map((each) => `${each.name.padEnd(8)}  ${each.describe}`),
  ]);
}

function refuseTwice(files: readonly ReportFile[]): void {
  const seen = new Set<string>();
  for (const { file } of files) {
    const path = resolve(file);
    if (seen.has(path)) throw usage(`Two reports would go to ${file}`, 'Give each report a file of its own');
    seen.add(path);
  }
}

function refuseUnwritable(file: string): void {
  try {
    accessSync(dirname(resolve(file)), constants.W_OK);
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

function unwritable(file: string, cause: unknown): WiretapeError {
  return cannotWrite(file, cause, 'Name a file in a folder that exists and that you may write to');
}

/** True where somebody wants to look at whole answers. */
export function wantsPage({ files }: Reports): boolean {
  return files.some(({ format }) => format === html);
}

/** Throws FILE_UNREADABLE. */
export function writeReports({ files, githubLog }: Reports, run: FinishedRun, env: NodeJS.ProcessEnv): void {
  for (const each of files) writeReport(each, run);
  githubLog?.tell(run, env);
}

const chunkChars = 64 * 1024;

/** Reports hold traffic: nobody else may read a file we make. */
function writeReport({ format, file }: ReportFile, run: FinishedRun): void {
  try {
    const open = openSync(file, 'w', 0o600);
    try {
      let chunk = '';
      for (const piece of format.render(run)) {
        chunk += piece;
        if (chunk.length < chunkChars) continue;
        writeSync(open, chunk);
        chunk = '';
      }
      writeSync(open, chunk);
    } finally {
      closeSync(open);
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === undefined) throw cause; // no fault of the file
    throw unwritable(file, cause);
  }
}
