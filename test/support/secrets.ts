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
};

/** A template such as `ghp_{a36}`: an alphabet and a count in braces. */
export function filled(template: string, random: Random): string {
  return template.replace(/\{([dxXaul])(\d+)\}/g, (_, alphabet: keyof typeof alphabets, count: string) => {
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
  'slack-token': ['xoxb-{d12}-{d12}-{a24}', 'xoxp-{d12}-{d12}-{d12}-{x32}', 'xapp-1-A{X10}-{d13}-{x64}'],
  'slack-webhook': ['https://hooks.slack.com/services/T{X10}/B{X10}/{a24}'],
  'discord-webhook': ['https://discord.com/api/webhooks/{d15}/{a68}'],
  'discord-token': ['MTIzNDU2Nzg5MDEyMzQ1Njc4.{a6}.{a38}'],
  'stripe-key': ['sk_live_{a24}', 'rk_test_{a24}', 'whsec_{a32}'],
  'square-token': ['sq0atp-{a22}'],
  'shopify-token': ['shpat_{x32}'],
  'twilio-key': ['SK{x32}'],
  'sendgrid-key': ['SG.{a22}.{a43}'],
  'sendinblue-key': ['xkeysib-{x64}-{a16}'],
  'mailgun-key': ['key-{x32}'],
  'mailchimp-key': ['{x32}-us12'],
  'npm-token': ['npm_{a36}'],
  'pypi-token': ['pypi-AgEIcHlwaS5vcmc{a80}'],
  'rubygems-token': ['rubygems_{x48}'],
  'docker-token': ['dckr_pat_{a27}'],
  'openai-key': ['sk-proj-{a74}', 'sk-{a20}T3BlbkFJ{a20}'],
  'anthropic-key': ['sk-ant-api03-{a93}AA'],
  'huggingface-token': ['hf_{l34}'],
  'groq-key': ['gsk_{a52}'],
  'perplexity-key': ['pplx-{a48}'],
  'digitalocean-token': ['dop_v1_{x64}'],
  'doppler-token': ['dp.pt.{a43}'],
  'databricks-token': ['dapi{x32}'],
  'vault-token': ['hvs.{a95}', 'hvb.{a140}'],
  'terraform-token': ['{a14}.atlasv1.{a64}'],
  'heroku-key': ['HRKU-AA{a58}'],
  'fly-token': ['fo1_{a43}', 'fm2_{a120}'],
  'linear-key': ['lin_api_{a40}'],
  'notion-token': ['ntn_{d11}{a35}'],
  'figma-token': ['figd_{a40}'],
  'postman-key': ['PMAK-{x24}-{x34}'],
  'newrelic-key': ['NRAK-{X27}'],
  'datadog-key': ['ddpk_{a36}'],
  'grafana-token': ['glsa_{a32}_{x8}', 'glc_{a60}'],
  'sentry-token': ['sntryu_{x64}'],
  'pulumi-token': ['pul-{x40}'],
  'planetscale-token': ['pscale_tkn_{a43}'],
  'supabase-token': ['sbp_{x40}'],
  'telegram-token': ['{d9}:AA{a33}'],
  'facebook-token': ['EAAC{a120}'],
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
  'private-key': ['-----BEGIN RSA PRIVATE KEY-----\n{a64}\n{a64}\n{a20}\n-----END RSA PRIVATE KEY-----'],
};
