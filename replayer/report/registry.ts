/** The formats of reports: one line each. `--help` offers what stands here. */
import { consoleFormat } from './console';
import { ctrf } from './ctrf';
import type { ReportFormat } from './format';
import { github } from './github';
import { html } from './html';
import { json } from './json';
import { junit } from './junit';
import { markdown } from './markdown';

export const reportFormats: readonly ReportFormat[] = [html, junit, ctrf, markdown, github, json, consoleFormat];
