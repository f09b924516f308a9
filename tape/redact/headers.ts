/**
 * Redacts header fields: values of credential headers by their own rules, all others by names and looks. Values that
 * stay the same from message to message are looked at once.
 */
import { hasReturned, ownText, Recent, returned } from '../memo';
import type { HeaderList } from '../model/body';
import type { Path } from '../model/path';
import { redactBinaryField, redactStatusMessage } from './call-fields';
import { redactCredential } from './credentials';
import type { Detection } from './detection';
import { type FieldPlace, mayHoldCompanySecret, redactFields } from './form';
import { applyEdits, type Ledger } from './ledger';
import type { NameKind } from './names';
import { mayHoldPathSecret, pathSecrets } from './path-secrets';
import { decodePercent, encodePercent } from './percent';
import { ruleCovering } from './rules';
import { mayHoldSecret, type Scope } from './scope';
import { generationOf } from './seen-secrets';
import { redactLexically, redactPatterns, redactWrittenName, type TextContext } from './text';
import { userInfoEdits } from './user-info';
import { redactSubprotocols } from './websocket-protocol';

export interface HeaderContext extends Scope {
  readonly root: 'header' | 'trailer';
  readonly names: HeaderNames;
}

/** Headers that carry a credential, or a session, under a name that does not say so. */
const credentialHeaders = new Set([
  'api-key',
  'cf-access-jwt-assertion',
  'dd-application-key',
  'dpop',
  'fastly-key',
  'ocp-apim-subscription-key',
  'session',
  'x-amzn-oidc-accesstoken',
  'x-amzn-oidc-data',
  'x-app-key',
  'x-appwrite-key',
  'x-consul-token',
  'x-credential',
  'x-credentials',
  'x-endpoint-api-userinfo',
  'x-apigateway-api-userinfo',
  'x-forwarded-client-cert',
  'x-goog-iap-jwt-assertion',
  'x-honeycomb-team',
  'x-instana-key',
  'x-jwt-assertion',
  'x-mashape-key',
  'x-ms-client-principal',
  'x-plex-token',
  'x-pm-key',
  'x-rapidapi-key',
  'x-redlock-auth',
  'x-session',
  'x-ssl-client-cert',
  'x-userinfo',
  'x-vault-token',
  'x-wsse',
]);

/** Headers that hold what `Authorization` holds. */
const authorizationHeaders = new Set([
  'auth',
  'authentication',
  'x-access',
  'x-auth',
  'x-authentication',
  'x-ms-authorization-auxiliary',
]);

/** Headers whose names sound like secrets and are none (RFC 6455 1.3; RFC 9530). */
const innocentHeaders = new Set(['sec-websocket-key', 'sec-websocket-accept', 'key', 'x-csrf-header']);

/** Headers that hold a URL, and with it a query. */
const urlHeaders = new Set([
  'location',
  'content-location',
  'referer',
  'refresh',
  'link',
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'x-forwarded-uri',
]);

const authorityHeader = 'host';
const statusMessageHeader = 'grpc-message';
const subprotocolHeader = 'sec-websocket-protocol';

/** What is known of a header name, and the last value under it that held no secret. */
interface KnownName {
  readonly lowerCase: string;
  readonly asHeader: Path;
  readonly kind: NameKind | null;
  readonly isUrl: boolean;
  /** Its value is read in a way of its own. */
  readonly isOfOwnRule: boolean;
  innocent: string | undefined;
  /** How many secrets had been seen then; one that came later may be in the value. */
  innocentAt: number;
}

/** What redaction made of a list: the same comes of it again where nothing was seen meanwhile that may be in it. */
interface Settled {
  readonly generation: number;
  readonly root: HeaderContext['root'];
  readonly takes: readonly Parameters<Ledger['take']>[];
  readonly safe: HeaderList;
}

/** The header names one redactor has met, and the lists it met last: most requests of a connection share one. */
export interface HeaderNames {
  of(name: string): KnownName;
  readonly lists: Recent<HeaderList, Settled>;
}

const rememberedNames = 5000;

export function createHeaderNames(detection: Detection): HeaderNames {
  const known = new Map<string, KnownName>();
  return {
    lists: new Recent(),
    of(met) {
      const before = known.get(met);
      if (before !== undefined) return before;
      const name = ownText(met);
      const lowerCase = name.toLowerCase();
      const kind = kindOfHeader(lowerCase, detection);
      const isUrl = urlHeaders.has(lowerCase);
      const asHeader = ['header', lowerCase];
      const isOfOwnRule = hasOwnRule(lowerCase);
      const made = { lowerCase, asHeader, kind, isUrl, isOfOwnRule, innocent: undefined, innocentAt: 0 };
      if (known.size >= rememberedNames) known.clear();
      known.set(name, made);
      return made;
    },
  };
}

function hasOwnRule(name: string): boolean {
  return (
    name === subprotocolHeader || name === statusMessageHeader || name === authorityHeader || name.endsWith('-bin')
  );
}

function kindOfHeader(name: string, { kindOfName }: Detection): NameKind | null {
  if (innocentHeaders.has(name)) return null;
  // Gateways hand it on under a name of their own: `Grpc-Metadata-Authorization`.
  if (authorizationHeaders.has(name) || name.endsWith('-authorization')) return 'authorization';
  return credentialHeaders.has(name) ? 'secret' : kindOfName(name.replace(/-bin$/, ''));
}

/** The list itself where nothing fired. */
export function redactHeaders(headers: HeaderList, context: HeaderContext): HeaderList {
  const { ledger, names, root } = context;
  const generation = settledGeneration(context);
  // What was taken before from the same message may decide what becomes of the next.
  if (generation === null || ledger.taken.size > 0 || !hasReturned(headers))
    return redactEach(headers, context, generation);
  const before = names.lists.get(headers);
  if (before !== undefined && before.generation === generation && before.root === root) {
    for (const take of before.takes) ledger.take(...take);
    return before.safe;
  }
  const takes: Parameters<Ledger['take']>[] = [];
  const noting: Ledger = {
    ...ledger,
    take(...take) {
      takes.push(take);
      return ledger.take(...take);
    },
  };
  const safe = redactEach(headers, { ...context, ledger: noting }, generation);
  names.lists.set(headers, { generation, root, takes, safe });
  return returned(safe);
}

function redactEach(headers: HeaderList, context: HeaderContext, generation: number | null): HeaderList {
  let changed: (readonly [string, string])[] | undefined;
  const pathOf = pathsIn(headers, context);
  for (let i = 0; i < headers.length; i++) {
    const { 0: name, 1: value } = headers[i] as HeaderList[number];
    const known = context.names.of(name);
    if (generation !== null && known.innocent === value && known.innocentAt === generation) continue;
    if (generation !== null && isPlainField(known) && !mayBeHidden(name, value, context)) {
      known.innocent = value;
      known.innocentAt = generation;
      continue;
    }
    const field = { name, value, known, pathOf: () => pathOf(i) };
    const [safeName, safeValue] = [redactName(field, context), redactValue(field, context)];
    if (safeName === name && safeValue === value) {
      if (generation !== null && known.kind === null) Object.assign(known, { innocent: value, innocentAt: generation });
      continue;
    }
    changed ??= [...headers];
    changed[i] = [safeName, safeValue];
  }
  return changed ?? headers;
}

/** Nothing is known of its name that would say how its value is to be read. */
function isPlainField({ kind, isOfOwnRule, isUrl }: KnownName): boolean {
  return kind === null && !isOfOwnRule && !isUrl;
}

/** The cheap look at both, for a field that no rule of the user may reach. */
function mayBeHidden(name: string, value: string, context: HeaderContext): boolean {
  return (name.length >= shortestTellingName && mayHoldSecret(name, context)) || mayHoldSecret(value, context);
}

/** A shorter name holds nothing that a pattern looks for. */
const shortestTellingName = 16;

/**
 * Null where an innocent value need not be so again, because it depends on more than the built-in rules and what was seen in
 * the recording; otherwise how many secrets that were.
 */
function settledGeneration({ rules, root, seen }: HeaderContext): number | null {
  return rules.finders.length > 0 || rules.places.has(root) ? null : generationOf(seen);
}

interface Field {
  readonly name: string;
  readonly value: string;
  readonly known: KnownName;
  pathOf(): Path;
}

/** A name that holds what a pattern looks for, or a secret seen before. */
function redactName({ name }: Field, context: HeaderContext): string {
  const isWorthIt =
    context.rules.finders.length > 0 || (name.length >= shortestTellingName && mayHoldSecret(name, context));
  return isWorthIt ? redactPatterns(name, { ...textIn(context), path: [context.root] }) : name;
}

function redactValue({ value, known, pathOf }: Field, context: HeaderContext): string {
  const { ledger, rules, root } = context;
  if (value === '') return value;
  const rule = rules.places.has(root) ? ruleCovering(rules, pathOf()) : undefined;
  if (rule !== undefined) return ledger.take(value, rule, pathOf());
  if (known.kind !== null) {
    return redactCredential(known.kind, value, (secret, name) =>
      ledger.take(secret, name === 'secret-name' ? 'credential-header' : name, pathOf()),
    );
  }
  if (known.lowerCase === subprotocolHeader) {
    return redactSubprotocols(value, (secret) => ledger.take(secret, 'credential-header', pathOf()));
  }
  if (known.lowerCase.endsWith('-bin')) return redactBinaryField(value, { ...context, path: pathOf() });
  if (known.lowerCase === statusMessageHeader) return redactStatusMessage(value, { ...context, path: pathOf() });
  if (known.lowerCase === authorityHeader && value.includes('@')) {
    return applyEdits(
      value,
      userInfoEdits(value, (secret) => ledger.take(secret, 'url-password', pathOf())),
    );
  }
  const isWorthIt =
    mayHoldSecret(value, context) || (known.isUrl && (mayHoldPathSecret(value) || mayHoldCompanySecret(value)));
  return isWorthIt ? redactInnocent(value, pathOf(), { ...context, isUrl: known.isUrl }) : value;
}

function textIn(scope: Scope): Omit<TextContext, 'path'> {
  return { ...scope, depth: 3, isCut: false, style: 'text' };
}

function redactInnocent(value: string, path: Path, context: HeaderContext & { readonly isUrl: boolean }): string {
  const text = { ...textIn(context), path };
  if (!context.isUrl) return redactLexically(value, text);
  // Each URL of a Link header may have a query.
  if (!value.includes('<')) return redactUrl(value, path, context);
  const urls = value.replace(/<([^<>]*)>/g, (_, url: string) => `<${redactUrl(url, path, context)}>`);
  return redactLexically(urls, text);
}

function redactUrl(value: string, path: Path, context: HeaderContext): string {
  const text = { ...textIn(context), path };
  const query = value.indexOf('?');
  if (query < 0) return redactLexically(withoutPathSecrets(value, path, context), text);
  const end = /[#>\s;]/.exec(value.slice(query))?.index ?? value.length - query;
  const redact = {
    pathBefore: value.slice(0, query),
    name: (name: string) => redactWrittenName(name, text),
    value: (field: string, { isSecret }: FieldPlace) =>
      isSecret ? context.ledger.take(field, 'secret-name', path) : redactLexically(field, text),
  };
  const fields = redactFields(value.slice(query + 1, query + end), path, redact, context);
  const around = (piece: string): string => redactLexically(piece, text);
  return `${around(withoutPathSecrets(value.slice(0, query), path, context))}?${fields}${around(value.slice(query + end))}`;
}

function withoutPathSecrets(url: string, path: Path, { detection, ledger }: HeaderContext): string {
  const take = (secret: string): string => encodePercent(ledger.take(decodePercent(secret), 'secret-name', path));
  return applyEdits(url, pathSecrets(url, detection.kindOfName, take));
}

/** The first of repeated fields has no index, the second is `[1]`. Counted when first asked for. */
function pathsIn(headers: HeaderList, { root, names }: HeaderContext): (i: number) => Path {
  let paths: Path[] | undefined;
  return (i) => {
    paths ??= countedPaths(headers, root, names);
    return paths[i] ?? [root];
  };
}

function countedPaths(headers: HeaderList, root: HeaderContext['root'], names: HeaderNames): Path[] {
  const seen = new Map<string, number>();
  return headers.map(([name]) => {
    const { lowerCase, asHeader } = names.of(name);
    const repeat = seen.get(lowerCase) ?? 0;
    seen.set(lowerCase, repeat + 1);
    if (repeat > 0) return [root, lowerCase, repeat];
    return root === 'header' ? asHeader : [root, lowerCase];
  });
}
