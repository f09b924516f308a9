/** Mail, files, directories, shells and tunnels, by their RFCs. Greetings that several protocols share need an answer. */
import { byte, type Said, type Signature, startsWith, textOf, uint16 } from './signature';

/** RFC 4253, 4.2: both sides say it; either tells. */
function isSsh({ client, server }: Said): boolean {
  return [client, server].some((bytes) => /^SSH-(?:2\.0|1\.99)-/.test(textOf(bytes, 0, 16)));
}

/** RFC 5321 and RFC 959 both greet with 220: the first command tells, or the greeting names the protocol. */
function opensSmtp({ client, server }: Said): boolean {
  const greeting = textOf(server);
  if (!/^220[ -]/.test(greeting)) return false;
  return (
    /^(?:EHLO|HELO|LHLO) \S/i.test(textOf(client)) ||
    (client.length === 0 && /^220[ -][^\r\n]*\bE?SMTP\b/.test(greeting))
  );
}

function opensFtp({ client, server }: Said): boolean {
  return /^220[ -]/.test(textOf(server)) && /^(?:USER \S|AUTH (?:TLS|SSL)|FEAT\r)/i.test(textOf(client));
}

/** RFC 9051, 7.1 and 6.1: a tag before each command. */
function opensImap({ client, server }: Said): boolean {
  const greets = /^\* (?:OK|PREAUTH)\b/.test(textOf(server));
  return greets && /^\S+ (?:CAPABILITY|LOGIN|AUTHENTICATE|STARTTLS|ID|NOOP|LOGOUT|SELECT)\b/i.test(textOf(client));
}

/** RFC 1939. */
function opensPop3({ client, server }: Said): boolean {
  return startsWith(server, '+OK') && /^(?:USER \S|APOP \S|CAPA\r|AUTH\b|STLS\r|QUIT\r)/i.test(textOf(client));
}

/** RFC 4511, 4.2: message 1 or so, a bind request of version 3. Short lengths take one byte, long ones up to four more. */
function opensLdap({ client }: Said): boolean {
  if (byte(client, 0) !== 0x30) return false;
  const message = client.subarray(1 + lengthSize(client, 1));
  if (!startsWith(message, [2, 1]) || byte(message, 3) !== 0x60) return false;
  return startsWith(message.subarray(4 + lengthSize(message, 4)), [2, 1, 3]);
}

/** How many bytes a BER length takes (X.690, 8.1.3). */
function lengthSize(bytes: Uint8Array, at: number): number {
  const first = byte(bytes, at);
  return first > 0x80 && first <= 0x84 ? first - 0x80 + 1 : 1;
}

/** RFC 8446, 5.1 and 4.1.2: a handshake record that holds a ClientHello of about its own size. */
function opensTls({ client }: Said): boolean {
  const isRecord = startsWith(client, [0x16, 3]) && byte(client, 2) <= 4;
  const length = uint16(client, 3);
  const isHello = byte(client, 5) === 1 && byte(client, 6) === 0 && byte(client, 9) === 3;
  return isRecord && isHello && length >= 45 && length <= 1 << 14 && uint16(client, 7) >= length - 4;
}

/** The PROXY protocol of HAProxy, versions 1 and 2: what follows it is not told. */
function opensProxy({ client }: Said): boolean {
  if (/^PROXY (?:TCP4|TCP6|UNKNOWN)[ \r]/.test(textOf(client, 0, 16))) return true;
  return startsWith(client, '\r\n\r\n\0\r\nQUIT\n') && byte(client, 12) >>> 4 === 2;
}

export const services: readonly Signature[] = [
  { name: 'SSH', opens: isSsh },
  { name: 'SMTP', opens: opensSmtp },
  { name: 'FTP', opens: opensFtp },
  { name: 'IMAP', opens: opensImap },
  { name: 'POP3', opens: opensPop3 },
  { name: 'LDAP', opens: opensLdap },
  { name: 'TLS', opens: opensTls },
  { name: 'PROXY', opens: opensProxy },
];
