/**
 * Where options come from when no flag says them: `WIRETAPE_*`, then `wiretape.config.{ts,js,json}` found upward from
 * the current folder to the project's root. Unknown names in the file are refused, so that a typing error never passes
 * for a setting; so is a file that somebody else could have written, and what it names.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { didYouMean } from '../errors/did-you-mean';
import { WiretapeError } from '../errors/wiretape-error';
import { findInProject } from '../tape/store/project';
import { requireTrusted } from '../tape/store/trust';
import { readModule } from './config-module';

export type Setting = string | number | boolean | readonly string[];

/** Options of one command, by their long name in camelCase, such as `hostHeader`. */
export interface CommandSettings {
  readonly [option: string]: Setting | undefined;
}

/** The content of wiretape.config: options of every command that knows them, and sections for single commands. */
export interface WiretapeConfig {
  readonly include?: string | readonly string[];
  readonly exclude?: string | readonly string[];
  readonly noise?: string;
  readonly doctor?: CommandSettings;
  readonly record?: CommandSettings;
  readonly ls?: CommandSettings;
  readonly show?: CommandSettings;
  readonly replay?: CommandSettings;
  readonly mock?: CommandSettings;
  readonly test?: CommandSettings;
  readonly generate?: CommandSettings;
}

/** Gives wiretape.config.ts its types; returns what it is given. */
export function defineConfig(config: WiretapeConfig): WiretapeConfig {
  return config;
}

export interface LoadedConfig {
  readonly file: string;
  readonly config: WiretapeConfig;
}

const fileNames = ['wiretape.config.ts', 'wiretape.config.js', 'wiretape.config.json'];
const sharedNames = ['include', 'exclude', 'noise'];
/** What decides: which difference counts, what is a secret, whom to believe. */
const believedPaths = new Set(['noise', 'accepted', 'redact', 'ca']);
const writtenPaths = new Set(['junit', 'out', 'output', 'writeNoise']);

/** The nearest configuration file from a folder up to the root of its project; undefined where there is none. Throws BAD_CONFIG or CONFIG_UNTRUSTED. */
export function loadConfig(cwd: string, commands: readonly string[]): LoadedConfig | undefined {
  const file = findInProject(cwd, fileNames);
  if (file === undefined) return undefined;
  requireTrusted(file, 'the configuration');
  const config = readConfig(file);
  refuseUnknown(Object.keys(config), [...sharedNames, ...commands], { file, what: 'a command or a shared option' });
  return { file, config };
}

/** The options of one command, by their long names. */
export interface CommandOptions {
  readonly command: string;
  readonly options: readonly string[];
  /** Those that may be given more than once, and those that are on or off. */
  readonly lists: readonly string[];
  readonly switches: readonly string[];
}

/** What environment and file say about the options of one command; flags override it. Throws BAD_CONFIG. */
export function settingsFor(
  known: CommandOptions,
  from: { env: NodeJS.ProcessEnv; loaded: LoadedConfig | undefined },
): Record<string, Setting> {
  return { ...fileSettings(known, from.loaded), ...envSettings(known, from.env) };
}

function fileSettings(
  { command, options, lists }: CommandOptions,
  loaded: LoadedConfig | undefined,
): Record<string, Setting> {
  if (loaded === undefined) return {};
  const section = (loaded.config as Record<string, unknown>)[command] ?? {};
  if (!isRecord(section)) {
    throw badConfig(loaded.file, `${command} is no object`, `Write it as  ${command}: { option: value }`);
  }
  const names = options.map(camelCase);
  refuseUnknown(Object.keys(section), names, { file: loaded.file, what: `an option of \`wiretape ${command}\`` });
  const shared = Object.entries(loaded.config).filter(([name]) => sharedNames.includes(name) && names.includes(name));
  return Object.fromEntries(
    [...shared, ...Object.entries(section)]
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [kebabCase(name), settingOf(name, value, loaded.file)] as const)
      .map(([name, value]) => [name, lists.includes(name) && typeof value === 'string' ? [value] : value]),
  );
}

function settingOf(name: string, value: unknown, file: string): Setting {
  if (name === 'report' && isTexts(value)) return [value].flat().map((each) => reportOf(each, file));
  if (typeof value === 'string') return pathOf(name, value, file) ?? value;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw badConfig(file, `${name} is neither text, a number, true, false nor a list of texts`, `Change ${name}`);
}

function isTexts(value: unknown): value is string | string[] {
  return [value].flat().every((item) => typeof item === 'string');
}

/** Paths are meant from the file's folder; undefined for what is no path. A file that is not there is refused by whoever reads it. */
function pathOf(name: string, value: string, file: string): string | undefined {
  if (!believedPaths.has(name) && !writtenPaths.has(name)) return undefined;
  const path = resolve(dirname(file), value);
  if (believedPaths.has(name) && existsSync(path)) requireTrusted(path, `what ${file} names as ${name},`);
  return path;
}

/** `html=report.html`: its file is meant from the folder of the configuration, too. */
function reportOf(text: string, file: string): string {
  const at = text.indexOf('=');
  return at < 0 ? text : `${text.slice(0, at + 1)}${resolve(dirname(file), text.slice(at + 1))}`;
}

/** `WIRETAPE_HOST_HEADER` for `--host-header`; lists are separated by commas, switches are 1, true, 0 or false. */
function envSettings({ options, lists, switches }: CommandOptions, env: NodeJS.ProcessEnv): Record<string, Setting> {
  const found: Record<string, Setting> = {};
  for (const option of options) {
    const name = `WIRETAPE_${option.replaceAll('-', '_').toUpperCase()}`;
    const value = env[name];
    if (value === undefined || value === '') continue;
    if (lists.includes(option)) found[option] = value.split(',').map((item) => item.trim());
    else found[option] = switches.includes(option) ? switchOf(name, value) : value;
  }
  return found;
}

function switchOf(name: string, value: string): boolean {
  if (/^(?:1|true|yes|on)$/i.test(value)) return true;
  if (/^(?:0|false|no|off)$/i.test(value)) return false;
  throw new WiretapeError('BAD_CONFIG', `Cannot use ${name}=${value}: it is neither on nor off`, {
    remedy: `Write ${name}=1 or ${name}=0`,
  });
}

function readConfig(file: string): WiretapeConfig {
  const content = file.endsWith('.json') ? readJson(file) : readModuleFile(file);
  if (!isRecord(content)) {
    throw badConfig(file, 'it exports no object', 'Write  export default defineConfig({ … })');
  }
  return content;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw badConfig(file, (cause as Error).message, 'Mend the file', cause);
  }
}

function readModuleFile(file: string): unknown {
  try {
    return readModule(file);
  } catch (cause) {
    if (cause instanceof WiretapeError) throw cause;
    throw badConfig(file, (cause as Error).message, 'Mend the file', cause);
  }
}

function refuseUnknown(
  names: readonly string[],
  known: readonly string[],
  at: { readonly file: string; readonly what: string },
): void {
  for (const name of names) {
    if (known.includes(name)) continue;
    const meant = didYouMean(name, known);
    const remedy = meant === undefined ? `Use one of ${known.join(', ')}` : `Did you mean ${meant}?`;
    throw badConfig(at.file, `${JSON.stringify(name)} is not ${at.what}`, remedy);
  }
}

function badConfig(file: string, why: string, remedy: string, cause?: unknown): WiretapeError {
  return new WiretapeError('BAD_CONFIG', `Cannot use ${file}: ${why}`, { remedy, cause });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
