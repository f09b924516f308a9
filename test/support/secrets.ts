/**
 * Made-up secrets of every format the redactor knows, from a seed: none was ever real, and none stands in this file.
 */

export type Random = (below: number) => number;

/** mulberry32: small, seeded, the same in every run. */
export function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const digits = '0123456789';
const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const hexDigits = `${digits}abcdef`;
const alphabets = {
  d: digits,
  x: hexDigits,
  X: digits + upper,
  a: digits + lower + upper,
  u: `${upper}234567`,
  l: lower + upper,
  s: '$',
};

/** A template such as `ghp_{a36}`: an alphabet and a count in braces. */
export function filled(template: string, random: Random): string {
  return template.replace(/\{([dxXauls])(\d+)\}/g, (_, alphabet: keyof typeof alphabets, count: string) => {
    const signs = alphabets[alphabet];
    return Array.from({ length: Number(count) }, () => signs.charAt(random(signs.length))).join('');
  });
}

/** One template or more for every rule that goes by looks. */
export const patternTemplates: Readonly<Record<string, readonly string[]>> = {
  'aws-access-key': ['AKIA{u16}', 'ASIA{u16}'],
  'aws-session-token': ['IQoJb3JpZ2lu{a200}', 'FwoGZXIvYXdz{a90}'],
  'aws-bedrock-key': ['ABSK{a120}'],
  'google-api-key': ['AIza{a35}'],
  'google-oauth': ['ya29.{a60}', 'GOCSPX-{a28}', '1//0{a40}'],
  'azure-client-secret': ['{a3}8Q~{a34}'],
  'github-token': ['ghp_{a36}', 'gho_{a36}', 'ghs_{a36}', 'github_pat_{a22}_{a59}'],
  'gitlab-token': ['glpat-{a20}', 'glrt-{a20}', 'gldt-{a20}', 'GR1348941{a20}'],
  'bitbucket-token': ['ATBB{a32}', 'ATATT3{a186}'],
  'slack-token': [
    'xoxe.xoxp-1-{X160}',
    'xoxe-1-{X140}',
    'xoxb-{d12}-{d12}-{a24}',
    'xoxp-{d12}-{d12}-{d12}-{x32}',
    'xapp-1-A{X10}-{d13}-{x64}',
  ],
  'slack-webhook': ['https://hooks.slack.com/services/T{X10}/B{X10}/{a24}'],
  'discord-webhook': ['https://discord.com/api/webhooks/{d15}/{a68}'],
  'discord-token': ['MTIzNDU2Nzg5MDEyMzQ1Njc4.{a6}.{a38}'],
  'stripe-key': ['sk_live_{a24}', 'rk_test_{a24}', 'whsec_{a32}'],
  'square-token': ['EAAAa{a59}', 'sq0atp-{a22}'],
  'shopify-token': ['shpat_{x32}'],
  'sendgrid-key': ['SG.{a22}.{a43}'],
  'sendinblue-key': ['xsmtpsib-{x64}-{a16}', 'xkeysib-{x64}-{a16}'],
  'mailgun-key': ['key-{x32}'],
  'mailchimp-key': ['{x32}-us12'],
  'npm-token': ['npm_{a36}'],
  'pypi-token': ['pypi-AgEIcHlwaS5vcmc{a80}'],
  'rubygems-token': ['rubygems_{x48}'],
  'docker-token': ['dckr_pat_{a27}'],
  'openai-key': ['sk-{a47}7', 'sk-{x31}7', 'sk-proj-{a74}', 'sk-{a20}T3BlbkFJ{a20}'],
  'anthropic-key': ['sk-ant-api03-{a93}AA'],
  'huggingface-token': ['hf_{a34}', 'hf_{l34}'],
  'groq-key': ['gsk_{a52}'],
  'perplexity-key': ['pplx-{a48}'],
  'digitalocean-token': ['dop_v1_{x64}'],
  'doppler-token': ['dp.pt.{a43}'],
  'databricks-token': ['dapi{x32}'],
  'vault-token': ['s.a7{a22}', 'hvs.{a95}', 'hvb.{a140}'],
  'terraform-token': ['{a14}.atlasv1.{a64}'],
  'heroku-key': ['HRKU-AA{a58}'],
  'fly-token': ['fo1_{a43}', 'fm2_{a120}'],
  'linear-key': ['lin_api_{a40}'],
  'notion-token': ['secret_{a43}', 'ntn_{d11}{a35}'],
  'figma-token': ['figd_{a40}'],
  'postman-key': ['PMAK-{x24}-{x34}'],
  'newrelic-key': ['NRAK-{X27}'],
  'datadog-key': ['ddpk_{a36}'],
  'grafana-token': ['eyJrIjoi{a90}', 'glsa_{a32}_{x8}', 'glc_{a60}'],
  'sentry-token': ['sntryu_{x64}'],
  'pulumi-token': ['pul-{x40}'],
  'planetscale-token': ['pscale_tkn_{a43}'],
  'supabase-token': ['sbp_{x40}'],
  'telegram-token': ['{d9}:AA{a33}'],
  'facebook-token': ['{d15}|a7{a25}', 'EAAC{a120}'],
  'airtable-token': ['pat{a14}.{x64}'],
  'artifactory-key': ['AKCp{a69}'],
  'openshift-token': ['sha256~{a43}'],
  'onepassword-token': ['ops_eyJ{a260}'],
  'dynatrace-token': ['dt0c01.{a24}.{a64}'],
  'shippo-token': ['shippo_live_{x40}'],
  'easypost-key': ['EZAK{a54}'],
  'duffel-token': ['duffel_test_{a43}'],
  'clojars-token': ['CLOJARS_{a60}'],
  'readme-key': ['rdme_{a70}'],
  'prefect-key': ['pnu_{a36}'],
  'octopus-key': ['API-{X25}7'],
  'age-key': ['AGE-SECRET-KEY-1{X58}'],
  jwt: ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{a40}.{a43}', 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..{a16}.{a60}.{a22}'],
  bearer: ['Bearer {a40}'],
  basic: ['Basic {a30}9=='],
  'private-key': [
    'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC{a200}',
    'MIIEowIBAAKCAQEA{a200}',
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49{a90}',
    'MHcCAQEEI{a100}',
    'b3BlbnNzaC1rZXktdjE{a120}',
    '-----BEGIN RSA PRIVATE KEY-----\n{a64}\n{a64}\n{a20}\n-----END RSA PRIVATE KEY-----',
  ],
  'openrouter-key': ['sk-or-v1-{x64}'],
  'langfuse-key': ['sk-lf-{x8}-{x4}-{x4}-{x4}-{x12}'],
  'langsmith-key': ['lsv2_pt_{x32}_{x10}'],
  'elevenlabs-key': ['sk_{x48}'],
  'xai-key': ['xai-{a80}'],
  'replicate-token': ['r8_{a37}'],
  'nvidia-key': ['nvapi-{a64}'],
  'cerebras-key': ['csk-{a48}'],
  'together-key': ['tgp_v1_{a43}'],
  'pinecone-key': ['pcsk_{a6}_{a55}'],
  'alibaba-access-key': ['LTAI5t{a18}'],
  'cloudflare-origin-key': ['v1.0-{x24}-{x146}'],
  'yandex-token': ['t1.9{a40}.{a86}', 'AQVN7{a36}', 'YCA7{a36}'],
  'tailscale-key': ['tskey-auth-{a17}-{a32}'],
  'scalingo-token': ['tk-us-{a48}'],
  'netlify-token': ['nfp_{a36}'],
  'render-key': ['rnd_{a28}'],
  'neon-key': ['napi_{a64}'],
  'vercel-token': ['vcp_{a56}'],
  'mongodb-secret': ['mdb_sa_sk_{a40}'],
  'clickhouse-secret': ['4b1dZ{a37}'],
  'elastic-key': ['essu_{a70}=='],
  'azure-key': ['{a52}JQQJ99{a26}'],
  'azure-devops-token': ['{a76}AZDO{a4}'],
  'firebase-key': ['AAAA{a7}:APA91b{a134}'],
  'amazon-mws-token': ['amzn.mws.{x8}-{x4}-{x4}-{x4}-{x12}'],
  'crates-token': ['cio7{a31}'],
  'nuget-key': ['oy2a7{x41}'],
  'sonar-token': ['squ_{x40}', 'sqp_{x40}', 'sqa_{x40}'],
  'sourcegraph-token': ['sgp_{x40}', 'sgp_{x16}_{x40}', 'sgp_local_{x40}'],
  'buildkite-token': ['bkua_{x40}'],
  'circleci-token': ['CCIPAT_{a22}_{x40}'],
  'infracost-key': ['ico-{a32}'],
  'harness-key': ['pat.{a22}.{a24}.{a20}', 'sat.{a22}.{a24}.{a20}'],
  'contentful-token': ['CFPAT-{a43}'],
  'posthog-key': ['phx_{a43}'],
  'honeycomb-key': ['hcaik_{a58}'],
  'mailersend-token': ['mlsn.{x64}'],
  'resend-key': ['re_{a8}_{a24}'],
  'maxmind-key': ['{a6}_{a29}_mmk'],
  'dnkey-token': ['dnkey-{a26}-{a52}'],
  'intra42-secret': ['s-s4t2ud-{x64}'],
  'onepassword-key': ['A3-{X6}-{X6}-{X5}-{X5}-{X5}-{X5}', 'A3-{X6}-{X11}-{X5}-{X5}-{X5}'],
  'adobe-secret': ['p8e-7{a31}'],
  'authress-key': ['sc_{a20}.{a5}.acc-{x20}.{a60}'],
  'dropbox-token': ['sl.B7{a134}'],
  'frameio-token': ['fio-u-{a64}'],
  'hubspot-token': ['pat-na1-{x8}-{x4}-{x4}-{x4}-{x12}'],
  'asana-token': ['1/{d12}:{x32}', '2/{d12}/{d12}:{x32}'],
  'clickup-token': ['pk_{d8}_{X32}'],
  'intercom-token': ['dG9rO{a50}='],
  'typeform-token': ['tfp_{a44}_{a14}'],
  'settlemint-token': ['sm_pat_{a16}', 'sm_aat_{a16}', 'sm_sat_{a16}'],
  'salesforce-token': ['00D{a12}!{a96}'],
  'teams-webhook': [
    'https://acme.webhook.office.com/webhookb2/{x8}-{x4}-{x4}-{x4}-{x12}@{x8}-{x4}-{x4}-{x4}-{x12}/IncomingWebhook/{x32}/{x8}-{x4}-{x4}-{x4}-{x12}',
  ],
  'flutterwave-key': ['FLWSECK_TEST-{x32}-X', 'FLWSECK-{x32}-X', 'FLWSECK_TEST-{x12}'],
  'plaid-token': ['access-sandbox-{x8}-{x4}-{x4}-{x4}-{x12}'],
  'lob-key': ['live_{x35}', 'test_pub_{x31}'],
  'mollie-key': ['live_7{l29}'],
  'gocardless-token': ['sandbox_7{a39}'],
  'braintree-token': ['access_token{s1}production{s1}{x16}{s1}{x32}'],
  'stytch-secret': ['secret-live-{a36}='],
  'password-hash': [
    '{s1}2b{s1}10{s1}{a53}',
    '{s1}argon2id{s1}v=19{s1}m=65536,t=3,p=4{s1}{a22}{s1}{a43}',
    '{s1}6{s1}rounds=5000{s1}{a16}{s1}{a86}',
    '{s1}1{s1}{a8}{s1}{a22}',
    '{s1}pbkdf2-sha256{s1}29000{s1}{a22}{s1}{a43}',
    'pbkdf2_sha256{s1}600000{s1}{a22}{s1}{a43}=',
    '{SSHA}{a38}==',
  ],
  'jwt-base64': ['ZXlKaGJHY2lPaUpJVXpJMU5pSjkuZXlKemRXSWlPaUl4TWpNME5UWTNPRGt3SW4wLg{a60}'],
};
