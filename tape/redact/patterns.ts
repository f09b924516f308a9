/**
 * Secrets that are known by their looks, wherever they stand. Written for traffic, with gitleaks' rules (MIT) as one
 * source: only formats with a fixed prefix and a length, as anything looser takes identifiers and hashes along.
 * All texts here are bytes read as latin1. A table: known-formats.ts makes of it what searches, and the cheap look too.
 * What a row may hold: literals, classes, groups without a name, counts with an upper limit, looks ahead and behind of a
 * bounded length. Only the last class of a secret may repeat without a limit, and nothing may have to follow it: so no
 * row can take more than linear time.
 */

import { alnum, hex, known, type Pattern, wordy } from './format-row';
import { keyMaterial } from './key-material';
import { vendorFormats } from './vendor-formats';
import { escapeSource } from './word-start';

export type { Pattern } from './format-row';

export const patterns: readonly Pattern[] = [
  known('aws-access-key', '(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)', '[A-Z2-7]', 16),
  known('aws-session-token', '(?:IQoJb3JpZ2lu|FwoGZXIvYXdz)', '[\\w+/=%-]', 60),
  known('aws-bedrock-key', '(?:ABSK|bedrock-api-key-)', '[A-Za-z0-9+/]', 60),
  known('google-api-key', 'AIza', wordy, 35),
  known('google-oauth', '(?:ya29\\.|GOCSPX-|1//0)', wordy, 24),
  known('azure-client-secret', '[\\w~.]{3}\\dQ~', '[\\w~.-]', 31),
  known('github-token', '(?:gh[pousr]_|github_pat_)', '[0-9A-Za-z_]', 36),
  known('gitlab-token', '(?:gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-|GR1348941)', '[\\w.-]', 20),
  known('bitbucket-token', 'AT(?:BB|ATT3|CTT3)', '[\\w=-]', 24),
  known('slack-token', 'x(?:ox[a-eoprs](?:\\.xox[bp])?|app)-', '[\\w-]', 14),
  known('slack-token', 'xox[ar]-(?:\\d-)?', alnum, 8),
  known('slack-webhook', '(?<=/(?:services|workflows|triggers)/)T\\w{8,12}/[AB]\\w{8,12}/', '[0-9A-Za-z/]', 16),
  known('slack-webhook', '(?<=slack\\.com/(?:services|workflows|triggers)/)', '[0-9A-Za-z+/]', 30),
  known('discord-webhook', '(?<=/api/webhooks/\\d{15,22}/)', wordy, 60),
  known('discord-token', '[MNO][\\w-]{23,25}\\.[\\w-]{6}\\.', wordy, 27),
  known('stripe-key', '(?:(?:sk|rk)_(?:test|live|prod)_|whsec_)', '[0-9A-Za-z+/=]', 10),
  known('square-token', 'sq0[a-z]{3}-', wordy, 22),
  known('shopify-token', 'shp(?:at|ca|pa|ss)_', hex, 32),
  { rule: 'sendgrid-key', prefix: 'SG\\.', rest: '[\\w.=-]{40,}', cut: '[\\w.-]{4,}' },
  known('sendinblue-key', 'x(?:key|smtp)sib-', wordy, 64),
  known('mailgun-key', '(?:pub)?key-(?=[0-9a-f]{8})', '[0-9a-f]', 32),
  { rule: 'mailchimp-key', prefix: '[0-9a-f]{32}-us', rest: '\\d{1,2}', cut: '' },
  known('npm-token', 'npm_', alnum, 36),
  known('pypi-token', 'pypi-AgE', wordy, 50),
  known('rubygems-token', 'rubygems_', '[0-9a-f]', 48),
  known('docker-token', 'dckr_(?:pat|oat)_', wordy, 20),
  known('openai-key', 'sk-(?:proj|svcacct|admin)-', wordy, 40),
  {
    rule: 'openai-key',
    prefix: 'sk-',
    rest: `${alnum}{20}T3BlbkFJ${alnum}{20,}`,
    cut: `${alnum}{8,}`,
  },
  known('anthropic-key', 'sk-ant-', wordy, 32),
  known('huggingface-token', '(?:hf|api_org)_', alnum, 34),
  known('groq-key', 'gsk_', alnum, 48),
  known('perplexity-key', 'pplx-', alnum, 40),
  known('digitalocean-token', 'do[opr]_v1_', '[0-9a-f]', 64),
  known('doppler-token', 'dp\\.(?:pt|st|ct|sa|scim|audit)\\.', '[0-9A-Za-z.]', 40),
  known('databricks-token', 'dapi(?=[0-9a-f]{8})', '[0-9a-f-]', 32),
  known('vault-token', 'hv[bsr]\\.', wordy, 24),
  known('terraform-token', `${alnum}{14}\\.atlasv1\\.`, '[\\w=-]', 60),
  known('heroku-key', 'HRKU-', wordy, 36),
  known('fly-token', '(?:fo1_|fm1[ar]_|fm2_)', '[\\w+/=-]', 40),
  known('linear-key', 'lin_(?:api|oauth)_', alnum, 40),
  known('notion-token', 'ntn_', alnum, 40),
  known('figma-token', 'fig[dour]_', wordy, 40),
  known('postman-key', 'PMAK-', '[0-9a-fA-F-]', 50),
  known('newrelic-key', 'NR(?:AK|II|JS|RA)-', '[\\w-]', 19),
  known('datadog-key', 'dd[pa]k_', alnum, 32),
  known('grafana-token', 'gl(?:c|sa)_', '[\\w+/=]', 32),
  known('sentry-token', 'sntr(?:ys|yu)_', '[\\w+/=-]', 40),
  known('pulumi-token', 'pul-(?=[0-9a-f]{8})', '[0-9a-f]', 40),
  known('planetscale-token', 'pscale_(?:tkn|oauth|pw)_', '[\\w=.-]', 32),
  known('supabase-token', 'sb(?:p|_secret)_', wordy, 32),
  known('telegram-token', '(?:bot)?\\d{8,10}:AA', wordy, 32),
  known('facebook-token', 'EAA[A-Z]', alnum, 90),
  {
    rule: 'airtable-token',
    prefix: 'pat',
    rest: `${alnum}{14}\\.[0-9a-f]{64}`,
    cut: `(?=[a-z]*[0-9A-Z])${alnum}{8,14}(?:\\.[0-9a-f]*)?`,
  },
  known('artifactory-key', '(?:AKCp|cmVmd)', alnum, 59),
  known('openshift-token', 'sha256~', wordy, 43),
  known('onepassword-token', 'ops_eyJ', '[\\w+/=]', 100),
  { rule: 'dynatrace-token', prefix: 'dt0c01\\.', rest: `${alnum}{24}\\.${alnum}{60,}`, cut: '[0-9A-Za-z.]{4,}' },
  known('shippo-token', 'shippo_(?:live|test)_', hex, 40),
  known('easypost-key', 'EZ[AT]K', alnum, 54),
  known('duffel-token', 'duffel_(?:test|live)_', '[\\w=-]', 40),
  known('clojars-token', 'CLOJARS_', alnum, 60),
  known('readme-key', 'rdme_', alnum, 70),
  known('prefect-key', 'pnu_', alnum, 36),
  known('octopus-key', 'API-(?=[A-Z0-9]*\\d)', '[A-Z0-9]', 26),
  known('age-key', 'AGE-SECRET-KEY-1', '[A-Z0-9]', 58),
  ...vendorFormats,
  ...keyMaterial,
  {
    rule: 'jwt',
    prefix: '(?<![_-])(?:eyJ|eyA[gi]|ewog|ewoJ|ew0K)[\\w-]{8,4000}\\.',
    rest: '(?:[\\w-]{8,}(?:\\.[\\w-]*){0,3}|\\.[\\w-]+\\.[\\w-]+\\.[\\w-]+)',
    cut: '(?:[\\w-]{1,7}|\\.[\\w.-]+)',
  },
  {
    rule: 'bearer',
    prefix: `(?<=(?:\\b|${escapeSource})[Bb]earer )`,
    rest: '[\\w.~+/-]{16,}=*',
    cut: '[\\w.~+/-]{1,15}',
  },
  {
    rule: 'basic',
    prefix: `(?<=(?:\\b|${escapeSource})[Bb]asic )(?=[\\w+/-]{0,200}[0-9=])`,
    rest: '[\\w+/-]{16,}=*',
    cut: '[\\w+/-]{1,15}',
  },
];

/**
 * Words before secrets that are known by nothing else: rows whose prefix only looks behind. Lower-case; the cheap look at
 * words (closer-look.ts) knows them.
 */
export const openingWords: readonly string[] = [
  'bearer',
  'basic',
  'webhooks',
  'webhookb2',
  'curl',
  'identified',
  'slack',
  'private-lines',
  'private-mac',
];

/** Names of all rules that go by looks, each once. Private keys stand between lines and are found by private-key.ts. */
export const patternRules: readonly string[] = [...new Set([...patterns.map(({ rule }) => rule), 'private-key'])];
