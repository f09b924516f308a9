/**
 * Which names promise a secret: members of JSON, fields of forms and queries, headers. By whole words, never by
 * substring: `passwordUpdatedAt`, `tokenType` and `nextPageToken` are innocent, `smtp_password` and `githubToken` are
 * not. Azure's list of defaults shows what broad names do: everything is redacted, and nothing matches any more.
 */

import { isForeignSecret, lastWordsOfNames, latinSecretNames, latinSecrets } from './foreign-names';
import { folded, nameText, wordsOfName } from './words-of-name';

/** How the value under a name is read: all of it secret, or in the form of the header of that name. */
export type NameKind = 'secret' | 'authorization' | 'cookie' | 'set-cookie';

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** Last words that promise a secret whatever stands before, and that no ordinary word ends in: `loginpassword`. */
const endings = words(
  `password passwd passphrase passcode secret apikey jwt totp cvv cvv2 cvc2 csrf xsrf csrftoken xsrftoken authtoken
  accesstoken refreshtoken idtoken sessiontoken secretkey privatekey accesskey encryptionkey signingkey sessionid
  passwordhash pwd mnemonic seedphrase recoveryphrase connectionstring`,
).concat(latinSecrets);

/** The same, but only as a word of its own: ordinary words end in them. */
const secretWords = new Set([...endings, ...words('otp cvc csc psk pw psw pswd puk passkey')]);

/** Whole names that promise a secret, whose last word alone would not: their words joined. */
const secretNames = new Set(
  words(`pass pin sid connectsid sessionid sessid phpsessid jsessionid aspnetsessionid securitycode cardnumber ccnumber
    ccnum creditcard creditcardnumber cardcode pan cardpan primaryaccountnumber onetimecode twofactorcode codeverifier devicecode clientassertion assertion samlresponse
    samlassertion secrets passwords apikeys secretstring accountkey accesskeyid sharedaccesssignature xamzsignature
    xamzcredential xgoogsignature xgoogcredential oauthsignature oauthcode gitlabsession laravelsession cisession seedwords backupphrase
    dockerconfigjson kubeconfig`).concat(latinSecretNames),
);

/** `token` as the last word promises a secret, unless the word before it says that it counts, points or pays. */
const innocentTokens = new Set(
  words(
    `page next prev previous continuation cursor sync pagination start end resume delta skip change idempotency max
  min total stop pad eos bos special input output first last watch fencing design
  scroll lock base quote sell buy native wrapped reward staking collateral borrow governance lp nft gas from to`,
  ),
);

/** Names whose spelling says what their words do not: AWS's ids of one request, and the name of a statement in IAM. */
const innocentSpellings = new Set(words('clientToken ClientToken clientRequestToken ClientRequestToken Sid'));

/** Words before `key`, `pass`, `code` and `pin` that make a secret of them. */
const before: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'key',
    new Set(
      words(`api secret private priv access signing sign signature encryption encrypt decryption decrypt cipher crypto
        session master shared auth authentication authorization subscription functions hmac aes rsa jwt psk app
        application license licence rapidapi admin service role server client account webhook deploy write ingest
        ingestion integration recovery backup root wallet wifi wpa network vault unseal token otp totp mfa
        openai anthropic stripe sendgrid mailgun twilio github gitlab slack aws azure gcp datadog dd newrelic algolia
        mistral groq cohere deepseek openrouter huggingface pagerduty`),
    ),
  ],
  [
    'pass',
    new Set(
      words(`user usr my db database sql mysql pg postgres postgresql mongo mongodb redis smtp imap pop pop3 mail email
        ftp sftp ssh root admin adm login signin auth account acct proxy http https basic rabbit rabbitmq amqp mq ldap
        bind wifi wlan ap api app web vpn rdp vnc sudo su os system server service svc client host hash keystore
        truststore store key cert ssl tls zip pdf backup encryption master default initial temp new old current confirm
        repeat verify plain clear raw secret bot steam wp site registry docker jenkins cloud gateway router reader
        writer repl replication oracle mssql`),
    ),
  ],
  [
    'code',
    new Set(
      words(`otp totp sms mfa tfa 2fa twofa verification verify confirmation confirm reset recovery backup
        authorization authorisation auth authentication authenticator login signin signup onetime access security
        pass pin secret activation activate unlock pairing device oauth magic invite invitation email dynamic totp puk
        challenge`),
    ),
  ],
  [
    'pin',
    new Set(
      words(`user card new old current confirm repeat sim atm login security account my transaction upi m t e debit
        credit pay payment wallet device door access secret unlock signing smartcard parental admin`),
    ),
  ],
]);

/** Words after the one that tells, which do not take the promise back: `password_new`, `tokenValue`, `passwordHash`. */
const trailing = new Set(
  words(`new old again confirm confirmation confirmed repeat repeated retype retyped current cur verify verification
    check value val plain plaintext cleartext clear text raw input str string enc encoded encrypted hash hashed digest
    b64 base64 md5 sha1 sha256 sha512 bcrypt copy backup original orig prev previous temp tmp data atual nova novo nueva nuevo alt neu`),
);

/** First words of a question or a setting: `hasPassword: "yes"`, `show_password`. */
const asking = new Set(
  words('has have is was are show hide toggle require requires required need needs no use uses allow allows can must'),
);

const headerNames: ReadonlyMap<string, NameKind> = new Map([
  ['authorization', 'authorization'],
  ['proxyauthorization', 'authorization'],
  ['xforwardedauthorization', 'authorization'],
  ['cookie', 'cookie'],
  ['setcookie', 'set-cookie'],
]);

export const longestName = 128;

/** Null where a member, field or header of this name is innocent. `user[password]` and `user.password` count by their last part. */
export function kindOfName(name: string): NameKind | null {
  return name.length > longestName ? null : decide(name);
}

/** True for the last word of a name that is written with spaces, such as `api key` and `mot de passe`. */
export function endsSpacedName(word: string): boolean {
  return /^key$/i.test(word) || lastWordsOfNames.has(folded(nameText(word).toLowerCase()));
}

function decide(name: string): NameKind | null {
  const parts = wordsOfName(name);
  const kind = headerNames.get(parts.join(''));
  if (kind !== undefined) return kind;
  if (innocentSpellings.has(name)) return null;
  return promisesSecret(parts) ? 'secret' : null;
}

function promisesSecret(parts: readonly string[]): boolean {
  if (parts.length > 1 && asking.has(parts[0] as string)) return false;
  if (tells(parts)) return true;
  const stem = withoutTrailing(parts);
  return stem.length > 0 && stem !== parts && tells(stem);
}

function tells(parts: readonly string[]): boolean {
  const joined = parts.join('');
  if (secretNames.has(joined) || secretNames.has(joined.replace(/^x(?=.)/, ''))) return true;
  if (isForeignSecret(joined) || endsInSecretName(parts)) return true;
  const last = parts.at(-1) ?? '';
  return tellsAlone(last) || tellsTogether(last, parts.at(-2) ?? '');
}

/** `aws_access_key_id`, `connect.sid`: the last two to four words together. */
function endsInSecretName(parts: readonly string[]): boolean {
  return [2, 3, 4].some((count) => {
    const joined = parts.length < count ? '' : parts.slice(-count).join('');
    return secretNames.has(joined) || secretWords.has(joined);
  });
}

function tellsAlone(word: string): boolean {
  return secretWords.has(word) || endings.some((ending) => word.endsWith(ending));
}

/** By the last word and the one before it, which may be run together: `apitoken`, `authkey`, `userpass`. */
function tellsTogether(last: string, previous: string): boolean {
  if (last === 'token') return !innocentTokens.has(previous);
  if (last.endsWith('token')) return !pointsOrPays(last.slice(0, -'token'.length));
  for (const [end, known] of before) {
    if (last === end) return known.has(previous);
    if (last.endsWith(end) && known.has(last.slice(0, -end.length))) return true;
  }
  return false;
}

/** `page`, `nextpage`. */
function pointsOrPays(rest: string): boolean {
  if (innocentTokens.has(rest)) return true;
  for (let at = 1; at < rest.length; at++)
    if (innocentTokens.has(rest.slice(0, at)) && innocentTokens.has(rest.slice(at))) return true;
  return false;
}

/** `password_new` → password; `password3` and `pass 2` → password, pass. */
function withoutTrailing(parts: readonly string[]): readonly string[] {
  let count = parts.length;
  while (count > 1 && (trailing.has(parts[count - 1] as string) || /^\d+$/.test(parts[count - 1] as string))) count--;
  const last = parts[count - 1] ?? '';
  const bare = last.replace(/\d+$/, '');
  if (bare === last || bare === '') return count === parts.length ? parts : parts.slice(0, count);
  return [...parts.slice(0, count - 1), bare];
}

/**
 * Three signs that every name with a kind in ASCII holds, so that no separator within a name breaks them; the rarest
 * ones, as each costs a look wherever it occurs. `pw` is too short, and takes what follows it along. They begin with
 * two letters. A test holds them and the names together.
 */
export const nameTrigrams: readonly string[] = [
  ...words(`pas pwd ecr key jwt otp cvv cvc csc srf tok pin sid ses car ccn cod sse aml nne gna ede riz kie psk psw puk
    pan mne ras dph edw gjs kub
    nnw imz imn nha aro htw gwo asl esl ozi zap zod lsz eno kod yki asa ifr kha kat yfr fja nyw mdp lav cc_ cc-`),
  ...[...'"\'=:<>]% &-_0123456789'].map((sign) => `pw${sign}`),
];
