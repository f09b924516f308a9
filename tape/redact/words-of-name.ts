/**
 * Takes a name apart into words: `accessToken`, `access_token`, `X-Access-Token`, `DBPassword`, `Contraseña`. Says
 * nothing about what they mean; run-together lower case (`apitoken`) is for who knows the words.
 */

/** Lower-case words without the accents of Latin letters. The name is bytes read as latin1, or text. */
export function wordsOfName(name: string): readonly string[] {
  return (
    folded(lastPart(nameText(name)))
      .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
      .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
      .toLowerCase()
      // Marks belong to the letters of Indic scripts, Arabic and Thai.
      .split(/[^\p{L}\p{M}\p{N}]+/u)
      .filter((word) => word !== '')
  );
}

/** `user[password]`, `user[password][]` and `user.password` count by their last part. */
function lastPart(name: string): string {
  const closed = name.replace(/(?:\[\])+$/, '');
  const opened = closed.endsWith(']') ? closed.slice(closed.lastIndexOf('[') + 1, -1) : closed;
  return opened.slice(opened.lastIndexOf('.') + 1) || name;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it asks for anything beyond ASCII
const ascii = /^[\x00-\x7f]*$/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: it asks for anything beyond a byte
const bytes = /^[\x00-\xff]*$/;

/** A name as people read it: of bytes that are no UTF-8 each is a letter. */
export function nameText(name: string): string {
  if (ascii.test(name) || !bytes.test(name)) return name;
  const decoded = Buffer.from(name, 'latin1').toString('utf8');
  return decoded.includes('\ufffd') ? name : decoded;
}

const ligatures: Readonly<Record<string, string>> = { ł: 'l', Ł: 'L', ø: 'o', Ø: 'O', đ: 'd', Đ: 'D', ð: 'd', ı: 'i' };

/** `Contraseña` and `hasło` as people write them where accents are in the way. */
export function folded(text: string): string {
  if (ascii.test(text)) return text;
  return text
    .normalize('NFD')
    .replace(/(?<=\p{Script=Latin}[\u0300-\u036f]*)[\u0300-\u036f]/gu, '')
    .normalize('NFC')
    .replace(/[łŁøØđĐðı]/g, (letter) => ligatures[letter] ?? letter)
    .replaceAll('ß', 'ss');
}
