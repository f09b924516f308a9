/**
 * Redacts header fields: values of credential headers by their own rules, all others by names and looks. Values that
 * stay the same from message to message are looked at once.
 */
import type { HeaderList } from '../model/exchange';
import type { Path } from '../model/path';
import { redactCredential } from './credentials';
import { type Echo, withEchoes } from './echo';
import { redactFields } from './form';
import type { Ledger } from './ledger';
import { kindOfName, type NameKind } from './names';
import { type PathRule, ruleCovering, type SideRules } from './rules';
import { isSuspiciousText } from './suspicion';
import { redactLexically, redactPatterns } from './text';
import { redactSubprotocols } from './websocket-protocol';

export interface HeaderContext {
  readonly ledger: Ledger;
  readonly rules: SideRules;
  readonly root: 'header' | 'trailer';
  readonly echoes: readonly Echo[];
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
  'x-ms-client-principal',
  'x-plex-token',
  'x-pm-key',
  'x-rapidapi-key',
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
  'x-authorization',
  'x-original-authorization',
  'x-http-authorization',
  'x-amzn-remapped-authorization',
  'x-ms-authorization-auxiliary',
  'x-serverless-authorization',
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

const subprotocolHeader = 'sec-websocket-protocol';

/** What is known of a header name, and the last value under it that held no secret. */
interface KnownName {
  readonly lowerCase: string;
  readonly asHeader: Path;
  readonly kind: NameKind | null;
  readonly isUrl: boolean;
  innocent: string | undefined;
}

const knownNames = new Map<string, KnownName>();
const rememberedNames = 5000;

/** The list itself where nothing fired. */
export function redactHeaders(headers: HeaderList, context: HeaderContext): HeaderList {
  let changed: (readonly [string, string])[] | undefined;
  for (let i = 0; i < headers.length; i++) {
    const [name, value] = headers[i] as readonly [string, string];
    const known = knownName(name);
    const rules = withEchoes(
      context.rules,
      context.echoes,
      (secret) => value.length >= secret.length && value.includes(secret),
    );
    if (known.innocent === value && hasNoRules(rules, context.root)) continue;
    const redacted = redactValue(headers, i, known, { ...context, rules });
    if (redacted === value) {
      if (known.kind === null) known.innocent = value;
      continue;
    }
    changed ??= [...headers];
    changed[i] = [name, redacted];
  }
  return changed ?? headers;
}

function hasNoRules(rules: SideRules, root: HeaderContext['root']): boolean {
  return rules.patterns.length === 0 && rules[root].length === 0;
}

function knownName(name: string): KnownName {
  const before = knownNames.get(name);
  if (before !== undefined) return before;
  const lowerCase = name.toLowerCase();
  const known: KnownName = {
    lowerCase,
    asHeader: ['header', lowerCase],
    kind: kindOfHeader(lowerCase),
    isUrl: urlHeaders.has(lowerCase),
    innocent: undefined,
  };
  if (knownNames.size >= rememberedNames) knownNames.clear();
  knownNames.set(name, known);
  return known;
}

function kindOfHeader(name: string): NameKind | null {
  if (innocentHeaders.has(name)) return null;
  if (authorizationHeaders.has(name)) return 'authorization';
  return credentialHeaders.has(name) ? 'secret' : kindOfName(name);
}

function redactValue(headers: HeaderList, i: number, known: KnownName, context: HeaderContext): string {
  const { ledger, rules, root } = context;
  const value = (headers[i] as readonly [string, string])[1];
  if (value === '') return value;
  const wanted: readonly PathRule[] = rules[root];
  const rule = wanted.length === 0 ? undefined : ruleCovering(wanted, pathOf(headers, i, known, root));
  if (rule !== undefined) return ledger.take(value, rule, pathOf(headers, i, known, root));
  if (known.kind !== null) {
    const path = pathOf(headers, i, known, root);
    return redactCredential(known.kind, value, (secret, name) =>
      ledger.take(secret, name === 'secret-name' ? 'credential-header' : name, path),
    );
  }
  if (known.lowerCase === subprotocolHeader) {
    return redactSubprotocols(value, (secret) =>
      ledger.take(secret, 'credential-header', pathOf(headers, i, known, root)),
    );
  }
  if (rules.patterns.length === 0 && !isSuspiciousText(value)) return value;
  return redactInnocent(value, pathOf(headers, i, known, root), { ...context, isUrl: known.isUrl });
}

function redactInnocent(value: string, path: Path, context: HeaderContext & { readonly isUrl: boolean }): string {
  const { ledger, rules } = context;
  const text = { ledger, rules, path, depth: 3, isCut: false, style: 'text' } as const;
  const query = context.isUrl ? value.indexOf('?') : -1;
  if (query < 0) return redactLexically(value, text);
  const end = /[#>\s;]/.exec(value.slice(query))?.index ?? value.length - query;
  const fields = redactFields(value.slice(query + 1, query + end), path, {
    name: (name) => redactPatterns(name, text),
    value: (field, { isSecret }) => (isSecret ? ledger.take(field, 'secret-name', path) : redactLexically(field, text)),
  });
  const around = (piece: string): string => redactLexically(piece, text);
  return `${around(value.slice(0, query))}?${fields}${around(value.slice(query + end))}`;
}

/** The first of repeated fields has no index, the second is `[1]`. */
function pathOf(headers: HeaderList, i: number, known: KnownName, root: 'header' | 'trailer'): Path {
  let repeat = 0;
  for (let k = 0; k < i; k++)
    if (knownName((headers[k] as readonly [string, string])[0]).lowerCase === known.lowerCase) repeat++;
  if (repeat > 0) return [root, known.lowerCase, repeat];
  return root === 'header' ? known.asHeader : [root, known.lowerCase];
}
