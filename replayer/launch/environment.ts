/**
 * The environment of the command under test: proxy variables that lead every HTTP client to the mocks, CA variables
 * that make it trust them, and the user's own `--env NAME=VALUE` with their templates filled, as those of its words are. Pure; files are named,
 * not read.
 */
import { WiretapeError } from '../../errors/wiretape-error';
import { parseAuthority, type Upstream } from '../mocks/upstream';
import type { Trust } from './trust/bundle';
import { javaStorePassword } from './trust/java-key-store';

export interface MockAccess {
  /** The one port for everything, used as the proxy; null where the command is led to the mocks without one. */
  readonly proxyUrl: string | null;
  /** Upstream name to the base URL it is called at. */
  readonly urls: ReadonlyMap<string, string>;
  readonly upstreams: readonly Upstream[];
  readonly caFile: string;
  /** The system's certificates and our own, for variables that replace the system's. */
  readonly trust: Pick<Trust, 'bundle' | 'javaStore' | 'phpFolder' | 'hashedFolder'>;
}

export interface EnvironmentOptions {
  readonly mocks: MockAccess;
  /** `host:port` of the service under test: it may call itself. */
  readonly ownAddress: string;
  /** `host:port` of others that are called without the proxy. */
  readonly direct?: readonly string[];
  /** For `{port}`. */
  readonly port: number;
  /** `NAME=VALUE`, as given with --env. */
  readonly settings: readonly string[];
}

/** Replace the system's certificates: they get the bundle. NODE_EXTRA_CA_CERTS adds to them. */
const bundleVariables = [
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'AWS_CA_BUNDLE',
  'CARGO_HTTP_CAINFO',
  'HTTPLIB2_CA_CERTS',
  'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH',
  'DENO_CERT',
  'PERL_LWP_SSL_CA_FILE',
  'HTTPS_CA_FILE',
];

const proxyVariables = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'NODE_USE_ENV_PROXY'];

/** Settings win over what is set here, and this wins over what is inherited: a NO_PROXY of the shell would let calls out. */
export function commandEnvironment(inherited: NodeJS.ProcessEnv, options: EnvironmentOptions): NodeJS.ProcessEnv {
  const { proxyUrl, caFile, trust } = options.mocks;
  const certificates = Object.fromEntries(bundleVariables.map((name) => [name, trust.bundle]));
  return {
    ...without(inherited, proxyVariables),
    ...(proxyUrl === null ? {} : proxied(proxyUrl, directOf(options).join(','))),
    NODE_EXTRA_CA_CERTS: inherited.NODE_EXTRA_CA_CERTS === undefined ? caFile : trust.bundle,
    ...certificates,
    SSL_CERT_DIR: trust.hashedFolder,
    PHP_INI_SCAN_DIR: `${inherited.PHP_INI_SCAN_DIR ?? ''}:${trust.phpFolder}`,
    JAVA_TOOL_OPTIONS: javaOptions(inherited.JAVA_TOOL_OPTIONS, options),
    ...Object.fromEntries(options.settings.map((setting) => settingOf(setting, options))),
  };
}

function proxied(proxyUrl: string, direct: string): Record<string, string> {
  const variables = eitherCase({ HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl, NO_PROXY: direct });
  return { ...variables, NODE_USE_ENV_PROXY: '1' };
}

/** Java reads no variable but this one; it says on stderr that it did. What stands later wins. */
function javaOptions(inherited: string | undefined, options: EnvironmentOptions): string {
  const { trust, proxyUrl } = options.mocks;
  const store = { 'javax.net.ssl.trustStore': trust.javaStore, 'javax.net.ssl.trustStorePassword': javaStorePassword };
  const proxy = proxyUrl === null ? {} : javaProxy(new URL(proxyUrl), directOf(options));
  const properties = Object.entries({ ...store, ...proxy }).map(([name, value]) => `-D${name}=${value}`);
  return [...(inherited === undefined || inherited === '' ? [] : [inherited]), ...properties].join(' ');
}

/** Java leaves out hosts, not ports. */
function javaProxy({ hostname, port }: URL, direct: readonly string[]): Record<string, string> {
  const hosts = [...new Set(direct.map((address) => parseAuthority(address)?.host ?? address))].join('|');
  return {
    ...{ 'http.proxyHost': hostname, 'http.proxyPort': port, 'http.nonProxyHosts': hosts },
    ...{ 'https.proxyHost': hostname, 'https.proxyPort': port },
  };
}

function directOf({ ownAddress, direct = [] }: EnvironmentOptions): readonly string[] {
  return [ownAddress, ...direct];
}

/** In either case: a proxy of the shell is none of the recording. */
function without(inherited: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(inherited).filter(([name]) => !names.includes(name.toUpperCase())));
}

/** curl and Python read the lower-case names, others the upper-case ones. */
function eitherCase(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => [
      [name, value],
      [name.toLowerCase(), value],
    ]),
  );
}

function settingOf(setting: string, options: EnvironmentOptions): [string, string] {
  const equals = setting.indexOf('=');
  if (equals < 1) {
    throw new WiretapeError('USAGE', `Cannot read --env ${JSON.stringify(setting)}: it is not NAME=VALUE`, {
      remedy: "Write it as  --env 'PAYMENTS_URL={mock:payments:8443}'",
    });
  }
  return [setting.slice(0, equals), filled(setting.slice(equals + 1), options)];
}

/** The words of the command under test with their templates filled, as in settings. */
export function filledCommand(words: readonly string[], options: EnvironmentOptions): readonly string[] {
  return words.map((word) => filled(word, options));
}

/** True where a setting or a word of the command takes its port from us: then that port is where the service is to be found. */
export function usesPort(texts: readonly string[]): boolean {
  return texts.some((text) => text.includes('{port}'));
}

const templates = ['port', 'ca', 'mock'] as const;

/** Braces that are none of ours stay: a value may be JSON. Those that were meant to be ours are refused. */
function filled(value: string, { mocks, port }: EnvironmentOptions): string {
  return value.replace(/\{([\w-]+)(:[^{}]*)?\}/g, (whole, name: string, rest: string | undefined) => {
    if (name === 'port' && rest === undefined) return String(port);
    if (name === 'ca' && rest === undefined) return mocks.caFile;
    if (name === 'mock' && rest !== undefined) return mockUrl(rest.slice(1), whole, mocks);
    const meant = templates.find((each) => isMisspelt(name, each) && (each === 'mock') === (rest !== undefined));
    if (meant !== undefined) throw misspelt(whole, `{${meant}${rest ?? ''}}`);
    return whole;
  });
}

/** In capitals, with two letters changed about, one too many, or one too few: never another letter, which makes another word. */
function isMisspelt(name: string, word: string): boolean {
  const typed = name.toLowerCase();
  if (typed === word || word.length < 3) return typed === word;
  const spots = [...word].map((_, i) => i);
  const swapped = spots.map(
    (i) => word.slice(0, i) + word.slice(i + 1, i + 2) + word.slice(i, i + 1) + word.slice(i + 2),
  );
  return swapped.includes(typed) || isShortened(word, typed) || isShortened(typed, word);
}

function isShortened(longer: string, shorter: string): boolean {
  return [...longer].some((_, i) => longer.slice(0, i) + longer.slice(i + 1) === shorter);
}

function misspelt(whole: string, meant: string): WiretapeError {
  return new WiretapeError('USAGE', `Cannot fill ${whole}: there is no such template`, {
    remedy: `Did you mean ${meant}?`,
  });
}

function mockUrl(authority: string, template: string, { urls, upstreams }: MockAccess): string {
  const wanted = parseAuthority(authority);
  const fits = upstreams.filter(({ host, port }) => host === wanted?.host && port === (wanted.port ?? port));
  const url = fits.length === 1 ? urls.get(fits[0]?.name ?? '') : undefined;
  if (url !== undefined) return url;
  const names = upstreams.map(({ name }) => `{mock:${name}}`).join(', ');
  const why = fits.length > 1 ? 'more than one upstream has this name' : 'the tape holds no such upstream';
  throw new WiretapeError('USAGE', `Cannot fill ${template}: ${why}`, {
    remedy: names === '' ? 'The tape holds no outbound exchanges: leave the template out' : `Use one of ${names}`,
  });
}
