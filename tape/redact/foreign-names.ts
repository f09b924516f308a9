/**
 * What a password, a PIN and a secret are called in languages other than English: names of members and fields follow
 * the language of who wrote the service. Written without accents where the letters are Latin, as `folded` leaves them.
 * Words that mean something else as often (Spanish `clave`, Italian `parola`) count as the whole name only.
 */
const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

/** Names in Latin letters that end in one of these promise a secret, also run together with what stands before. */
export const latinSecrets: readonly string[] = words(`
  passwort kennwort geheimzahl zugangscode
  contrasena contrasenia contrasenya contrasinal kontrasenyas
  senha motdepasse motpasse palavrapasse parolaordine parolasegreta
  wachtwoord toegangscode wagwoord
  haslo heslo geslo lozinka zaporka slaptazodis jelszo
  losenord passord adgangskode kodeord lykilord salasana
  sifre matkhau katasandi katalaluan
  pasahitza pasfhocal cyfrinair fjalekalimi nenosiri nywila pasvorto`);

/** The same, but only as a whole name: the words have other meanings, or stand in longer words. */
export const latinSecretNames: readonly string[] = words(`
  clave claveacceso claveprivada clavesecreta mdp parola parol parool codigosecreto codigoseguridad
  codigoverificacion codigoseguranca codigoverificacao codesecret codeconfidentiel geheimnis sandi`);

/** Names in other scripts that end in one of these; they are written without spaces, or with them taken away. */
const otherScripts: readonly string[] = words(`
  пароль пароля парола лозинка құпиясөз пинкод
  密码 密碼 口令 密钥 密鑰 令牌 验证码 驗證碼
  パスワード 暗証番号 合言葉
  비밀번호 패스워드 암호
  كلمةالمرور كلمةالسر رمزعبور گذرواژه
  סיסמה סיסמא
  पासवर्ड कूटशब्द
  รหัสผ่าน
  პაროლი գաղտնաբառ
  κωδικος κωδικοςπροσβασης συνθηματικο`);

/** Greek drops its accents, and writes its last sigma otherwise. */
const plain = (word: string): string =>
  /\p{Script=Greek}/u.test(word)
    ? word
        .normalize('NFD')
        .replace(/\u0301/g, '')
        .replaceAll('ς', 'σ')
    : word;

const otherSecrets = otherScripts.map(plain);
// biome-ignore lint/suspicious/noControlCharactersInRegex: it asks for anything beyond ASCII
const beyondAscii = /[^\x00-\x7f]/;

/** The name's words, joined. */
export function isForeignSecret(joined: string): boolean {
  if (!beyondAscii.test(joined)) return false;
  const name = plain(joined);
  return otherSecrets.some((secret) => name.endsWith(secret));
}

/** Last words of names of several words, for who sees a name written with spaces one word at a time. */
export const lastWordsOfNames: ReadonlySet<string> = new Set(
  words('passe segreta khau laluan secreta seguridad seguranca المرور السر عبور προσβασης πρόσβασης'),
);

const otherLastWords = [...lastWordsOfNames].filter((word) => beyondAscii.test(word));
/** Letters that set a name in Latin script apart from ASCII. */
const accented = [...'ñłöóžşậẩðëăõç'];

/**
 * What every such name in another script begins with, or its last word, and the letters that set one in Latin script apart from
 * ASCII, in every case they are written in.
 */
export const foreignLetters: readonly string[] = [
  ...new Set([...[...otherSecrets, ...otherLastWords].flatMap(stemsOf), ...accented.flatMap(inAllCases)]),
];

/**
 * The same as UTF-8 read as latin1, for finding names in text; and such a letter in latin1 itself, where it stands among
 * letters of ASCII as none does in UTF-8. Sources of expressions.
 */
export const foreignStems: readonly string[] = [
  ...foreignLetters.map(asLatin1),
  `(?<![\\x80-\\xff])[${accented.flatMap(inAllCases).filter(isLatin1).join('')}](?![\\x80-\\xff])`,
];

function isLatin1(letter: string): boolean {
  return letter.charCodeAt(0) <= 0xff;
}

/** Three letters, and of two-letter words both. */
function stemsOf(word: string): readonly string[] {
  return inAllCases([...word].slice(0, 3).join(''));
}

function inAllCases(text: string): readonly string[] {
  const first = text.charAt(0);
  return [text, text.toUpperCase(), first.toUpperCase() + text.slice(first.length)];
}

function asLatin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

const stems = new RegExp(foreignStems.join('|'));

/** True where a word (UTF-8 read as latin1) may hold such a name. */
export function mayBeForeignName(word: string): boolean {
  return stems.test(word);
}
