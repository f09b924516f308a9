/**
 * A request that no mock answers, explained: what came nearest, in what it differs with both values, and the rule that
 * would make it match, ready to paste. Plain data for the 502 body, the report and the console. Values are those of the
 * redacted request; long ones are cut.
 */
import { JsonNumber, type JsonValue, stringifyJson } from '../../../tape/json/json';
import { addressOf } from '../../../tape/model/http/http';
import { formatPath, type Path } from '../../../tape/model/path';
import { ruleLine } from '../../noise/rule-line';
import type { ClientProcess } from '../front/client-process';
import type { Mock } from '../mock';
import { baseUrl, type Upstream, upstreamNamed } from '../upstream';
import type { Entry, MockEntry } from './entry';
import type { Matcher } from './matcher';
import { isAddress, type Near, type NearDifference, nearest } from './near';
import { splitTarget } from './request-value';

export type MissPolicy = 'fail' | '404' | 'passthrough';

export interface Miss {
  readonly code: 'MOCK_MISS';
  readonly message: string;
  /** `unknown-upstream`: nothing was recorded of it, and it is never dialled. */
  readonly why: 'no-match' | 'unknown-upstream';
  /** The case that met it; null where none was played, or several were. */
  readonly case: string | null;
  /** Who asked; left out where that cannot be told. */
  readonly process?: ClientProcess;
  readonly method: string;
  readonly url: string;
  /** What the client was given instead. */
  readonly answeredWith: '502' | '404' | 'upstream';
  readonly nearest: readonly NearMiss[];
  readonly remedy: readonly string[];
}

export interface NearMiss {
  /** The id of the recorded exchange. */
  readonly exchange: string;
  readonly method: string;
  readonly url: string;
  readonly distance: number;
  readonly differences: readonly MissDifference[];
  /** Differences beyond the ones listed. */
  readonly more: number;
  /** Lines for a noise file; [] where no rule can make this one match. */
  readonly rules: readonly string[];
}

export interface MissDifference {
  readonly path: string;
  readonly kind: string;
  readonly expected: JsonValue | null;
  readonly actual: JsonValue | null;
  /** The rule under which this may differ; null where it stands in the way. */
  readonly excusedBy: string | null;
}

const listedDifferences = 10;
const longestValue = 200;
/** Beyond this a rule would call another request noise. */
const farAway = 0.5;

export interface MissContext {
  readonly matcher: Matcher;
  readonly upstreams: readonly Upstream[];
  /** Whether the client's connection was TLS, for upstreams nobody recorded. */
  readonly tls: boolean;
  readonly policy: MissPolicy;
  /** Who asked, where somebody can tell. */
  readonly process?: ClientProcess | null;
  /** Set where what was asked is a message of a conversation. */
  readonly within?: Conversation;
}

/** The conversation that a message belongs to. */
export interface Conversation {
  /** Of the request that began it. */
  readonly method: string;
  /** The message in a few words. */
  readonly shown: string;
  /** Where the message of a mock stands in its exchange. */
  placeOf(mock: Mock): Path;
}

/** Explains a miss; an upstream that was never recorded is answered 502 under every policy but `404`. */
export function explainMiss(live: Entry, context: MissContext): Miss {
  const upstream = context.upstreams.find(({ name }) => name === live.upstream);
  const url = urlOf(live, context);
  const found = nearest(live, context.matcher.entries, context.matcher.excuse).map((each) => nearMiss(each, context));
  const why = upstream === undefined ? 'unknown-upstream' : 'no-match';
  const { within } = context;
  const what = within === undefined ? live.request.method : `${within.shown} on ${within.method}`;
  return {
    code: 'MOCK_MISS',
    message: `Cannot answer ${what} ${url}: ${why === 'no-match' ? 'no mock matches' : 'nothing was recorded of this upstream'}`,
    why,
    case: context.matcher.whose(live.request.headers).case,
    ...(context.process == null ? {} : { process: context.process }),
    method: within?.method ?? live.request.method,
    url,
    answeredWith: answeredWith(context.policy, why),
    nearest: found,
    remedy: remedyFor(why, found[0], context),
  };
}

function answeredWith(policy: MissPolicy, why: Miss['why']): Miss['answeredWith'] {
  if (policy === '404') return '404';
  return policy === 'passthrough' && why === 'no-match' ? 'upstream' : '502';
}

function nearMiss({ entry, distance, differences }: Near, context: MissContext): NearMiss {
  const blocking = differences.filter(({ excusedBy }) => excusedBy === null);
  const ordered = [...blocking, ...differences.filter(({ excusedBy }) => excusedBy !== null)];
  return {
    exchange: entry.mock.id,
    method: context.within?.method ?? entry.request.method,
    url: urlOf(entry, context),
    distance,
    differences: ordered.slice(0, listedDifferences).map((each) => missDifference(placed(each, entry, context))),
    more: Math.max(0, differences.length - listedDifferences),
    rules: distance > farAway || blocking.some(isBeyondRules) ? [] : rulesFor(blocking, entry, context),
  };
}

/** What differs in a message, by where it stands in the exchange: its kind is what matching has for a method. */
function placed(difference: NearDifference, { mock }: MockEntry, { within }: MissContext): NearDifference {
  if (within === undefined) return difference;
  const [root, ...steps] = difference.path;
  return { ...difference, path: [...within.placeOf(mock), root === 'method' ? 'kind' : (root ?? ''), ...steps] };
}

function missDifference({ path, kind, expected, actual, excusedBy }: NearDifference): MissDifference {
  return { path: formatPath(path), kind, expected: cut(expected), actual: cut(actual), excusedBy };
}

function cut(value: JsonValue | undefined): JsonValue | null {
  if (value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value : stringifyJson(value);
  if (text.length > longestValue) return `${text.slice(0, longestValue)}… (${text.length} characters)`;
  return value instanceof JsonNumber ? text : value;
}

/** No rule speaks of the upstream; one that excuses the method, or a path of another length, would hide too much. */
function isBeyondRules(difference: NearDifference): boolean {
  const { path, kind } = difference;
  return isAddress(difference) || path[0] === 'method' || (path[0] === 'path' && kind !== 'changed');
}

function rulesFor(blocking: readonly NearDifference[], entry: MockEntry, context: MissContext): string[] {
  const match = matchText(entry, blocking, context);
  return [...new Set(blocking.map((each) => ruleText(placed(each, entry, context).path, match)))];
}

/** One entry of a noise file. */
function ruleText(path: Path, match: string): string {
  return ruleLine({ in: 'request', path: patternText(path), match, allows: null, because: 'say why it may differ' });
}

/** Every element of a list in a body gets the one rule. */
function patternText([root, ...steps]: Path): string {
  const each = root === 'body' || root === 'message';
  const stepText = (step: string | number): string =>
    typeof step === 'number' && each ? '[*]' : formatPath([root ?? '', step]).slice(String(root).length);
  return String(root) + steps.map(stepText).join('');
}

/** The filter for requests like this one; segments that differ are any. */
function matchText({ request }: Entry, differences: readonly NearDifference[], { within }: MissContext): string {
  const { host, path } = addressOf(request);
  const differing = new Set(differences.filter(({ path: at }) => at[0] === 'path').map(({ path: at }) => at[1]));
  const segments = splitTarget(path).path.split('/').slice(1);
  const place = segments.map((segment, i) => (differing.has(i) ? '*' : segment)).join('/');
  return `${within?.method ?? request.method} ${host ?? ''}/${place}`;
}

function remedyFor(why: Miss['why'], first: NearMiss | undefined, context: MissContext): string[] {
  if (why === 'unknown-upstream') {
    const names = context.upstreams.map(({ name }) => name).join(', ');
    return [
      names === '' ? 'The tape holds no exchanges that can be served' : `Recorded upstreams: ${names}`,
      'Record the service while it calls this upstream',
    ];
  }
  const rules = first?.rules ?? [];
  const lines = rules.map((rule) => `  ${rule}`);
  return [
    ...(rules.length === 0 ? [] : ['call it noise, in a file given with --noise:', ...lines]),
    context.within === undefined ? 'let it through:  --on-miss passthrough' : 'pass over it:  --on-miss 404',
    'record again, if the service is meant to ask this now',
  ];
}

function urlOf(entry: Entry, context: MissContext): string {
  const upstream = context.upstreams.find(({ name }) => name === entry.upstream);
  return baseUrl(upstream ?? upstreamNamed(entry.upstream, context.tls)) + addressOf(entry.request).path;
}

/** The text a terminal shows for a miss; golden tests hold it. The nearest mock in full. Ends without a newline. */
export function formatMiss(miss: Miss, tape: string): string {
  const [first, ...others] = miss.nearest;
  return [
    `${miss.code}  ${miss.message}`,
    ...(miss.process === undefined ? [] : [`  asked by  ${miss.process.name} (${miss.process.pid})`]),
    ...(first === undefined ? [] : [`  nearest   exchange ${first.exchange} (${tape}), ${nearText(first)}`]),
    ...(first?.differences ?? []).map((difference) => `            ${differenceText(difference)}`),
    ...(first === undefined || first.more === 0 ? [] : [`            and ${first.more} more`]),
    ...others.map((near) => `  then      exchange ${near.exchange}, ${nearText(near)}`),
    ...miss.remedy.map((remedy, i) => `  ${i === 0 ? 'do this' : '       '}   ${remedy}`),
  ].join('\n');
}

function nearText({ method, url, distance }: NearMiss): string {
  return `${method} ${url}, distance ${distance}`;
}

function differenceText({ path, kind, expected, actual, excusedBy }: MissDifference): string {
  if (excusedBy !== null) return `${path}  differs, but is noise (${excusedBy})`;
  if (kind === 'added') return `${path}  was not there, got ${shown(actual)}`;
  if (kind === 'removed') return `${path}  expected ${shown(expected)}, got nothing`;
  return `${path}  expected ${shown(expected)}, got ${shown(actual)}`;
}

function shown(value: JsonValue | null): string {
  return stringifyJson(value);
}
