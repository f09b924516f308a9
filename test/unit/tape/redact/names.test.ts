import { createDetection } from '../../../../tape/redact/detection';
import { kindOfName, nameTrigrams } from '../../../../tape/redact/names';
import { randomFrom } from '../../../support/secrets';

const { isSuspiciousText } = createDetection();

const secret =
  `password passwd pwd passphrase passcode secret client_secret clientSecret CLIENT-SECRET token access_token
  accessToken refreshToken id_token authToken x-auth-token csrf_token csrfToken _csrf xsrf-token apiKey api_key api-key
  x-api-key X_API_KEY apikey secretKey secret_access_key AWS_SECRET_ACCESS_KEY privateKey private_key signingKey
  encryptionKey sessionKey accessKey sharedKey masterKey subscription-key functions-key hmacKey jwt jwtSecret otp totp
  cvv cvv2 cvc cvc2 csc pin sid connect.sid session_id sessionId SESSIONID PHPSESSID JSESSIONID ASP.NET_SessionId
  card_number cardNumber creditCard credit_card_number cardCode securityCode mfaCode mfa_code verificationCode
  backup_code recoveryCode codeVerifier code_verifier device_code client_assertion assertion SAMLResponse
  newPassword old_password currentPassword password_confirmation passwordConfirm smtp_password DB_PASSWORD dbPassword
  githubToken slack_bot_token stripe_secret deviceToken user[password] user.password account[credentials][password]
  authenticity_token __RequestVerificationToken X-Amz-Signature X-Amz-Credential X-Amz-Security-Token X-Goog-Signature
  oauth_token oauth_token_secret oauth_signature connectionString AccountKey SecretString secrets passwords apiKeys
  pass pwd1Secret`.split(/\s+/);

/** What people call them when they are in a hurry, or think of something else while they name it. */
const careless = `user_pass userPass DB_PASS smtp_pass mysql-pass rootPass keystorePass newPass userpass dbpass keypass
  apitoken apisecret authkey appkey loginpassword adminpassword userpwd dbpwd bottoken clientsecret privkey mypassword
  otpCode otp_code smsCode resetCode confirmationCode authorizationCode auth_code authCode authcode pin_code pinCode
  twoFactorCode 2fa_code accessCode activationCode unlock_code inviteCode totpCode
  password_new passwordOld password3 token1 passwordAgain password_repeat passwordCurrent password_hash passwordHash
  secret_plain tokenValue secretValue apiKeyValue password_b64 pass2 newPassword1
  pw psw user_pw userPw dbPsw passkey psk wifi_psk puk
  accessKeyId aws_access_key_id AWSAccessKeyId service_role_key SUPABASE_SERVICE_ROLE_KEY licenseKey license_key appKey
  application_key stripe_key OPENAI_KEY webhookKey decryption_key rootKey serverKey
  mnemonic seedPhrase recovery_phrase backupPhrase pan cardPan ccNumber cc_num oauthCode remember_token
  forgotPasswordToken passwordResetToken api[keys][secret_key] user[password][] client_token task_token
  userPin atm_pin upiPin mpin new_pin`.split(/\s+/);

const foreign: readonly (readonly [language: string, names: string])[] = [
  ['German', 'passwort Kennwort kundenkennwort benutzer_passwort'],
  ['Spanish', 'contraseña contrasena nueva_contraseña clave claveAcceso codigo_seguridad'],
  ['Portuguese', 'senha senhaAtual palavra_passe codigoSeguranca'],
  ['French', 'mot_de_passe motDePasse motdepasse mdp'],
  ['Italian', 'parolaOrdine parola_segreta'],
  ['Dutch', 'wachtwoord nieuw_wachtwoord'],
  ['Polish', 'hasło haslo noweHaslo'],
  ['Czech and Slovak', 'heslo noveHeslo'],
  ['Slovene', 'geslo'],
  ['Croatian and Serbian', 'lozinka zaporka лозинка'],
  ['Russian', 'пароль Пароль ПАРОЛЬ новый_пароль'],
  ['Bulgarian', 'парола'],
  ['Romanian and Turkish', 'parolă parola şifre sifre'],
  ['Lithuanian', 'slaptažodis'],
  ['Hungarian', 'jelszó jelszo'],
  ['Swedish', 'lösenord losenord'],
  ['Norwegian', 'passord'],
  ['Danish', 'adgangskode kodeord'],
  ['Finnish', 'salasana'],
  ['Icelandic', 'lykilorð'],
  ['Estonian', 'parool'],
  ['Catalan, Galician, Basque', 'contrasenya contrasinal pasahitza'],
  ['Albanian', 'fjalëkalimi'],
  ['Greek', 'κωδικός κωδικός_πρόσβασης'],
  ['Hebrew', 'סיסמה'],
  ['Arabic', 'كلمة_المرور كلمة_السر'],
  ['Persian', 'رمز_عبور گذرواژه'],
  ['Hindi', 'पासवर्ड'],
  ['Thai', 'รหัสผ่าน'],
  ['Vietnamese', 'mật_khẩu matKhau'],
  ['Indonesian and Malay', 'kata_sandi kataLaluan'],
  ['Swahili', 'nenosiri'],
  ['Chinese', '密码 密碼 用户密码 口令'],
  ['Japanese', 'パスワード 新しいパスワード 暗証番号'],
  ['Korean', '비밀번호 새비밀번호 암호'],
  ['Georgian and Armenian', 'პაროლი գաղտնաբառ'],
];
const inOtherLanguages = foreign.flatMap(([language, names]) =>
  names.split(' ').map((name) => [language, name] as const),
);

const innocent = `passwordUpdatedAt password_changed_at passwordHint passwordPolicy tokenType token_type tokens
  tokenCount maxTokens max_tokens nextPageToken page_token continuationToken cursorToken syncToken next_token total_token
  idempotencyToken secretName secretary secretId key keys keyId key_id keyboard monkey primaryKey foreign_key sortKey partition_key
  cacheKey routing_key objectKey publicKey public_key author authors authorized authority compass passenger passport
  pinned shipping opinion inside side resident residence code countryCode postalCode statusCode errorCode card
  cards cardType cart cartId sidebar session sessions sessionCount sessionDuration cvvResult id uuid name username user
  email phone address signature sig state nonce hash digest checksum etag version status message description credentials
  otpEnabled company span panel expires_in scope grant_type client_id redirect_uri apiVersion accessLevel
  clientToken ClientToken ClientRequestToken scrollToken lockToken scroll_token nextpagetoken baseToken quoteToken
  fromToken nftToken Sid hasPassword has_password isSecret requirePassword showToken mustChangePassword
  compass bypass boardingPass lowPass monkey turkey hotkey jockey zipcode zip_code promoCode discountCode langCode
  timecode gpioPin mapPin spin pinned publicKeyPem project_key hashKey partitionKey keyword passive passage
  secretsManagerArn tokenizer tokenized detokenize pawn pwa spawn hasOwnProperty senhor palabra clavel пароход
  密度 パス 비밀 αριθμός`.split(/\s+/);

it.each(secret)('takes what stands under %s', (name) => {
  expect(kindOfName(name)).toBe('secret');
});

it.each(careless)('takes what stands under %s', (name) => {
  expect(kindOfName(name)).toBe('secret');
});

it.each(inOtherLanguages)('takes what stands under the %s %s, as text and as the bytes of it', (_, name) => {
  expect(kindOfName(name)).toBe('secret');
  expect(kindOfName(Buffer.from(name, 'utf8').toString('latin1'))).toBe('secret');
});

it('looks at long names, too', () => {
  expect(kindOfName(`${'very_'.repeat(20)}long_password`)).toBe('secret');
});

it.each(innocent)('leaves what stands under %s', (name) => {
  expect(kindOfName(name)).toBeNull();
});

it.each([
  ['Authorization', 'authorization'],
  ['proxy-authorization', 'authorization'],
  ['Cookie', 'cookie'],
  ['Set-Cookie', 'set-cookie'],
])('reads what stands under %s as that header', (name, kind) => {
  expect(kindOfName(name)).toBe(kind);
});

describe('the cheap look', () => {
  // The names above, and every way their words may be written.
  const written = (name: string): string[] => {
    const words = name
      .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
      .split(/[^0-9A-Za-z]+/)
      .filter((word) => word !== '');
    const title = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
    return [
      name,
      words.join('_'),
      words.join('-').toUpperCase(),
      words.join(''),
      title.join(''),
      words.join('_').toUpperCase(),
    ];
  };
  const all = [...new Set([...secret, ...careless, 'Authorization', 'Cookie', 'Set-Cookie'].flatMap(written))].filter(
    (name) => kindOfName(name) !== null,
  );

  it.each([
    ['JSON', (name: string, pad: string) => `{${pad}"${name}":"x"}`],
    ['a form', (name: string, pad: string) => `a${pad}=1&${name}=x`],
    ['text', (name: string, pad: string) => `${pad} ${name}: x`],
  ])('sees every such name in %s, wherever it stands', (_, write) => {
    for (const pad of ['', ' ', '  ', '   ']) {
      const unseen = all.filter((name) => !isSuspiciousText(write(name, pad)));
      expect(unseen).toEqual([]);
    }
    const bytes = inOtherLanguages.map(([, name]) => Buffer.from(name, 'utf8').toString('latin1'));
    for (const pad of ['', ' ']) expect(bytes.filter((name) => !isSuspiciousText(write(name, pad)))).toEqual([]);
  });

  it.each([
    '{"id":17,"customer":"Jane","createdAt":"2026-01-02T03:04:05.678Z","ref":"0b9c6a1e-7f3d-4e5a-9b1c-2d3e4f5a6b7c"}',
    '{"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","size":1024}',
    'The company is shipping one card inside; write to jane@example.com, code 17.',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
    'W/"33a64df551425fcc55e4d42a148795d9f25f89d4"',
  ])('lets ordinary traffic pass: %s', (text) => {
    expect(isSuspiciousText(text)).toBe(false);
  });
});

it('is looked for by signs of which the first two are letters: the cheap look passes over digits that look like them', () => {
  expect(nameTrigrams.filter((sign) => !/^[a-z]{2}./.test(sign))).toEqual([]);
});

it('are never made of hexadecimal digits alone, so that ids need no closer look', () => {
  const random = randomFrom(3);
  const signs = '0123456789abcdefABCDEF_-. []';
  for (let round = 0; round < 50_000; round++) {
    const name = Array.from({ length: 1 + random(12) }, () => signs.charAt(random(signs.length))).join('');
    expect([name, kindOfName(name)]).toEqual([name, null]);
  }
});
