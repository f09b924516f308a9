/**
 * JSON Web Tokens (RFC 7519): what stands for one is one, worthless but readable. The header stays, and so do the names
 * and types of the claims; values stay where they say who may do what until when, all others are disguised one by one, so
 * that equal ones are equal afterwards and a reader sees which claims changed. The signature is disguised with the whole
 * token as its secret. Refuses (null) whatever is not exactly that: it is disguised as any text.
 */

/** Gives the placeholder of a text. */
export type Disguise = (text: string) => string;

const longestToken = 16 * 1024;

export function disguisedToken(token: string, disguise: Disguise): string | null {
  if (!/^e[yw]/.test(token) || token.length > longestToken) return null;
  const [header = '', claims = '', signature = '', ...more] = token.split('.');
  if (signature === '' || more.length > 0 || !/^[\w.-]+$/.test(token)) return null;
  const [readHeader, readClaims] = [objectIn(header), objectIn(claims)];
  if (readHeader === null || readClaims === null || typeof readHeader.alg !== 'string') return null;
  const plain = asPart(withoutSecrets(readClaims, keptClaims, { disguise, depth: 0 }));
  const head = asPart(withoutSecrets(readHeader, keptHeaders, { disguise, depth: 0 }));
  // From the disguise of the whole token, so that another token has another one.
  return `${head}.${plain}.${disguise(token).slice(-signature.length)}`;
}

type Members = Readonly<Record<string, unknown>>;

function objectIn(part: string): Members | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : null;
  } catch {
    return null; // not a token of this kind
  }
}

function asPart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** RFC 7515 4.1 and RFC 7516 4.1, without keys and certificates. */
const keptHeaders = words('alg typ cty enc zip kid crit b64');

/**
 * RFC 7519 4.1, OpenID Connect Core 2, RFC 9068 2.2, and what the usual issuers call the same things. Names, addresses and
 * identifiers of tokens are not among them.
 */
const keptClaims = words(`iss sub aud exp nbf iat auth_time azp client_id appid scope scopes scp roles role groups
  permissions entitlements acr amr typ token_use gty ver tid org_id updated_at`);

/** True for a claim, or a field of the header, that stands on the tape as the service gave it. */
export function keepsClaim(name: string, value: unknown): boolean {
  return (keptClaims.has(name) || keptHeaders.has(name)) && isPlain(value);
}

interface Walk {
  readonly disguise: Disguise;
  readonly depth: number;
}

const deepestClaims = 16;

function withoutSecrets(members: Members, kept: ReadonlySet<string>, walk: Walk): Members {
  const entries = Object.entries(members).map(([name, value]) => [
    name,
    kept.has(name) && isPlain(value) ? value : disguisedValue(value, walk),
  ]);
  return Object.fromEntries(entries);
}

/** An e-mail address as the subject is a person, and a token within a token is one. */
function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((item) => typeof item !== 'object' && isPlain(item));
  if (typeof value === 'string') return value.length <= 256 && !value.includes('@') && !value.startsWith('eyJ');
  return typeof value !== 'object' || value === null;
}

function disguisedValue(value: unknown, { disguise, depth }: Walk): unknown {
  if (typeof value === 'string') return value === '' ? value : disguise(Buffer.from(value, 'utf8').toString('latin1'));
  if (typeof value === 'number') return disguisedNumber(value, disguise);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= deepestClaims) return null;
  const within = { disguise, depth: depth + 1 };
  if (Array.isArray(value)) return value.map((item) => disguisedValue(item, within));
  return withoutSecrets(value as Members, nothingKept, within);
}

const nothingKept: ReadonlySet<string> = new Set();

function disguisedNumber(value: number, disguise: Disguise): number {
  const disguised = Number(disguise(String(value)));
  return Number.isFinite(disguised) ? disguised : 0;
}
