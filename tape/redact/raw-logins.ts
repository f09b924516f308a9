/**
 * Passwords in protocols of lines that wiretape does not parse, and keeps only under --keep-raw: how clients of Redis (and
 * its RESP), FTP, POP3, IMAP, SMTP and IRC log in. Protocols with lengths in binary are left alone, as all binary is.
 */
import type { Edit } from './ledger';

const lineEnd = '(?=\\r?\\n|$)';
const line = (rest: string): RegExp => new RegExp(`(?<=^|\\n)${rest}${lineEnd}`, 'gi');
const word = '"?([^\\s"]{1,500})"?';

/** Words after `AUTH` that are no password; what follows them goes by the last row. */
const mechanisms = 'PLAIN|LOGIN|CRAM-MD5|XOAUTH2|OAUTHBEARER|NTLM|GSSAPI|EXTERNAL|SCRAM-\\S{1,20}|TLS|SSL';

/** Each takes the secret in its only group. */
const logins: readonly RegExp[] = [
  line(`AUTH (?!(?:${mechanisms})\\b)(?:[^\\s"]{1,200} )?(?![a-z_]{2,20}=)${word}`),
  line(`HELLO \\d(?: [^\\r\\n]{1,200})? AUTH \\S{1,200} ${word}(?: SETNAME \\S{1,200})?`),
  line(`CONFIG SET (?:requirepass|masterauth) ${word}`),
  line('PASS :?([^\\r\\n]{1,500}?)'),
  line(`OPER \\S{1,200} :?${word}`),
  line('(?:PRIVMSG )?NICKSERV :?IDENTIFY (?:\\S{1,100} )?([^\\s]{1,500})'),
  line(`[\\w.]{1,40} LOGIN (?:"(?:[^"\\\\\\r\\n]|\\\\.){0,200}"|[^\\s"]{1,200}) ${word}`),
  line('(?:[\\w.]{1,40} )?(?:AUTH|AUTHENTICATE) [A-Z0-9-]{2,24} ([\\w+/=]{4,8000})'),
];

/** RESP: each word after its length. */
const bulkAuth = /\$4\r\nAUTH\r\n(?:\$\d{1,4}\r\n([^\r\n]{1,1000})\r\n){1,2}/gi;
const bulkSetting = /\r\n\$\d{1,2}\r\n(?:requirepass|masterauth)\r\n\$\d{1,4}\r\n([^\r\n]{1,1000})\r\n/gi;

/** SASL, where the answers follow on lines of their own. */
const challenged =
  /(?<=^|\n)(?:[\w.]{1,40} )?(?:AUTH|AUTHENTICATE) (?:PLAIN|LOGIN|CRAM-MD5|XOAUTH2|OAUTHBEARER|SCRAM-[\w-]{1,20})(?: [\w+/=]{1,8000})?\r?\n((?:[\w+/=]{4,8000}\r?\n){1,3})/gi;

export function loginSecrets(text: string, take: (secret: string) => string): Edit[] {
  const atEnd = [...logins, bulkAuth, bulkSetting].flatMap((login) =>
    [...text.matchAll(login)].map(({ 0: all, 1: secret = '', index }) => {
      const start = index + all.lastIndexOf(secret);
      return { start, end: start + secret.length, text: take(secret) };
    }),
  );
  const answers = [...text.matchAll(challenged)].flatMap(({ 0: all, 1: lines = '', index }) => {
    const start = index + all.length - lines.length;
    return [...lines.matchAll(/[\w+/=]+/g)].map(({ 0: secret, index: at }) => {
      return { start: start + at, end: start + at + secret.length, text: take(secret) };
    });
  });
  return [...atEnd, ...answers];
}
