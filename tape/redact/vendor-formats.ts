/**
 * Formats of further vendors, one after another as their documentation gives them: a prefix of its own and a length.
 * What is known by its length alone (Okta's 42, Twilio's 32) is for the names beside it. Twilio's `SK…` is an id that
 * may be shown; the secret that goes with it has no prefix.
 */
import { alnum, hex, known, knownLoose, lowerHex, type Pattern, wordy } from './format-row';

/** A digit among the next letters, so that no word passes for a key. */
const withDigit = `(?=${wordy}{0,24}\\d)`;

const models: readonly Pattern[] = [
  { rule: 'openai-key', prefix: `sk-${withDigit}`, rest: `${alnum}{32,}`, cut: `${alnum}{16,31}` },
  known('openrouter-key', 'sk-or-v1-', lowerHex, 60),
  known('langfuse-key', 'sk-lf-', '[0-9a-f-]', 36),
  known('langsmith-key', 'lsv2_(?:pt|sk)_', '[0-9a-f_]', 36),
  knownLoose('elevenlabs-key', `sk_(?=${lowerHex}{8})`, lowerHex, 48),
  knownLoose('xai-key', 'xai-', alnum, 70),
  knownLoose('replicate-token', 'r8_', alnum, 37),
  known('nvidia-key', 'nvapi-', wordy, 60),
  knownLoose('cerebras-key', 'csk-', alnum, 40),
  knownLoose('together-key', 'tgp_v1_', wordy, 40),
  known('pinecone-key', 'pcsk_', '\\w', 50),
];

const clouds: readonly Pattern[] = [
  known('alibaba-access-key', `LTAI(?=[0-9A-Za-z]{0,15}\\d)`, alnum, 16),
  known('cloudflare-origin-key', 'v1\\.0-(?=[0-9a-f]{8})', '[0-9a-f-]', 160),
  knownLoose('yandex-token', `(?:t1\\.|AQVN|YC[A-Z])${withDigit}`, '[\\w.=-]', 35),
  known('tailscale-key', 'tskey-(?:auth|api|client|scim|webhook)-', wordy, 18),
  knownLoose('scalingo-token', 'tk-us-', wordy, 44),
  knownLoose('netlify-token', 'nf[opcb]_', alnum, 36),
  knownLoose('render-key', 'rnd_', alnum, 28),
  knownLoose('neon-key', 'napi_', alnum, 60),
  knownLoose('vercel-token', 'vc[pkiar]_', alnum, 48),
  known('mongodb-secret', 'mdb_sa_sk_', wordy, 38),
  knownLoose('clickhouse-secret', `4b1d(?=${alnum}{0,36}[G-Zg-z])`, alnum, 38),
  knownLoose('elastic-key', 'essu_', '[\\w+/=-]', 50),
  { rule: 'azure-key', prefix: `${alnum}{52}JQQJ99`, rest: `${alnum}{20,}`, cut: '' },
  { rule: 'azure-devops-token', prefix: `${alnum}{76}AZDO`, rest: `${alnum}{4}`, cut: '' },
  known('firebase-key', 'AAAA[\\w-]{7}:APA91b', wordy, 100),
  known('amazon-mws-token', 'amzn\\.mws\\.', '[0-9a-f-]', 36),
];

const builders: readonly Pattern[] = [
  knownLoose('crates-token', `cio(?=${alnum}{0,24}\\d)`, alnum, 32),
  knownLoose('nuget-key', `oy2(?=[a-z0-9]{0,24}\\d)`, '[a-z0-9]', 43),
  knownLoose('sonar-token', 'sq[upa]_', lowerHex, 40),
  known('sourcegraph-token', `sgp_(?:${hex}{16}_|local_)?(?=${hex}{8})`, hex, 40),
  known('buildkite-token', 'bk(?:ua|ct|aj|ps)_', wordy, 36),
  known('circleci-token', 'CCIP(?:AT|RJ)_', '\\w', 40),
  knownLoose('infracost-key', 'ico-', alnum, 32),
  {
    rule: 'harness-key',
    prefix: '[ps]at\\.',
    rest: '[\\w-]{22}\\.[0-9A-Za-z.]{40,}',
    cut: '[\\w-]{12,22}(?:\\.[0-9A-Za-z.]*)?',
  },
  knownLoose('contentful-token', 'CFPAT-', wordy, 40),
  knownLoose('posthog-key', 'ph[xs]_', alnum, 40),
  known('honeycomb-key', 'hc[abcx](?:ik|lk|mk)_', alnum, 50),
  known('mailersend-token', 'mlsn\\.', lowerHex, 60),
  knownLoose('resend-key', `re_${alnum}{8}_`, alnum, 20),
  { rule: 'maxmind-key', prefix: `${alnum}{6}_${alnum}{29}_mm`, rest: 'k', cut: '' },
  known('dnkey-token', 'dnkey-', '[\\w=-]', 70),
  known('intra42-secret', 's-s4t2(?:ud|af)-', lowerHex, 60),
];

const services: readonly Pattern[] = [
  { rule: 'onepassword-key', prefix: 'A3-', rest: '[A-Z0-9]{6}-[A-Z0-9-]{25,}', cut: '[A-Z0-9]{6}-[A-Z0-9-]{0,24}' },
  knownLoose('adobe-secret', `p8e-${withDigit}`, '[0-9A-Za-z_-]', 32),
  {
    rule: 'authress-key',
    prefix: '(?:sc|ext|scauth|authress)_',
    rest: `${alnum}{5,30}\\.${alnum}{4,6}\\.acc[_-][\\w.+/=-]{40,}`,
    cut: `(?=[a-z]{0,20}[0-9A-Z])${alnum}{12,30}(?:\\.[\\w.+/=-]*)?`,
  },
  knownLoose('dropbox-token', `sl\\.${withDigit}`, '[\\w=-]', 130),
  known('frameio-token', 'fio-u-', '[\\w=-]', 60),
  known('hubspot-token', 'pat-(?:na|eu|ap)\\d-', '[0-9a-f-]', 36),
  known('asana-token', '[12]/\\d{10,20}(?:/\\d{10,20})?:', lowerHex, 32),
  known('clickup-token', 'pk_\\d{5,10}_', '[0-9A-Z]', 32),
  knownLoose('intercom-token', 'dG9rO', '[\\w=-]', 40),
  knownLoose('typeform-token', 'tfp_', '[\\w.=-]', 40),
  knownLoose('notion-token', 'secret_', alnum, 43),
  knownLoose('settlemint-token', 'sm_[aps]at_', alnum, 16),
  known('facebook-token', `\\d{15,16}(?:\\||%7[Cc])${withDigit}`, wordy, 27),
  known('salesforce-token', `00D${alnum}{12,15}!`, '[\\w.]', 80),
  { rule: 'vault-token', prefix: `s\\.(?=${alnum}{0,16}\\d)`, rest: `${alnum}{24,}`, cut: `${alnum}{14,23}` },
  {
    rule: 'teams-webhook',
    prefix: '(?<=/webhookb2/)',
    rest: '[\\w@-]{70,80}/IncomingWebhook/[\\w/-]{32,}',
    cut: '[\\w@/-]{8,}',
  },
];

const payments: readonly Pattern[] = [
  known('square-token', 'EAAA(?=[\\w-]{0,20}[a-z])', wordy, 22),
  known('flutterwave-key', 'FLW(?:SEC|PUB)K(?:_TEST|_LIVE)?-', '[0-9A-Za-z-]', 12),
  known('plaid-token', '(?:access|public|link)-(?:sandbox|development|production)-', '[0-9a-f-]', 36),
  knownLoose('lob-key', `(?:live|test)_(?:pub_)?(?=${lowerHex}{8})`, lowerHex, 30),
  knownLoose('mollie-key', `(?:live|test)_${withDigit}`, alnum, 30),
  knownLoose('gocardless-token', `(?:live|sandbox)_(?=[\\w=-]{0,24}\\d)`, '[\\w=-]', 40),
  {
    rule: 'braintree-token',
    prefix: 'access_token\\$(?:production|sandbox)\\$',
    rest: `${alnum}{8,24}\\$${lowerHex}{32}`,
    cut: '[0-9a-z$]{4,}',
  },
  knownLoose('stytch-secret', 'secret-(?:test|live)-', '[\\w=-]', 30),
];

export const vendorFormats: readonly Pattern[] = [...models, ...clouds, ...builders, ...services, ...payments];
