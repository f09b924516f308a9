/** Message brokers and remote calls, by their published wire protocols; each fact says where it stands. */
import { byte, isChain, type Said, type Signature, startsWith, textOf, uint16, uint32 } from './signature';

// HTTP/2: RFC 9113, 3.4 (the preface) and 4.1 (frames).

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** Flags that the frame types 0 to 9 know. */
const frameFlags = [0x09, 0x2d, 0, 0, 0x01, 0x0c, 0x01, 0, 0, 0x04];

function frameSize(bytes: Uint8Array, at: number): number {
  const flags = frameFlags[byte(bytes, at + 3)];
  if (at + 9 > bytes.length || flags === undefined || (byte(bytes, at + 4) & ~flags) !== 0) return Number.NaN;
  const length = (uint16(bytes, at) << 8) | byte(bytes, at + 2);
  const stream = uint32(bytes, at + 5);
  return length <= 1 << 14 && fitsStream(byte(bytes, at + 3), stream, length) ? length + 9 : Number.NaN;
}

/** Requests have odd streams; settings and pings belong to none, and have sizes of their own. */
function fitsStream(type: number, stream: number, length: number): boolean {
  if (type === 4) return stream === 0 && length % 6 === 0;
  if (type === 6) return stream === 0 && length === 8;
  if (type === 8) return length === 4 && stream < 2 ** 31;
  return type === 7 ? stream === 0 : stream % 2 === 1;
}

/** Frames both ways: of the client a whole call of them. */
function continuesHttp2({ client, server }: Said): boolean {
  return isChain(client, (at) => frameSize(client, at)) && frameSize(server, 0) > 0;
}

// AMQP: 0-9-1 section 4.2, 1.0 section 2.2.

const amqpHeaders = [
  [0, 0, 9, 1],
  [0, 1, 0, 0],
  [2, 1, 0, 0],
  [3, 1, 0, 0],
  [1, 1, 0, 10],
  [0, 0, 9, 0],
];

function opensAmqp({ client }: Said): boolean {
  return startsWith(client, 'AMQP') && amqpHeaders.some((header) => startsWith(client.subarray(4), header));
}

function amqpFrameSize(bytes: Uint8Array, at: number): number {
  const size = uint32(bytes, at + 3);
  const end = byte(bytes, at + 7 + size);
  return [1, 2, 3, 8].includes(byte(bytes, at)) && end === 0xce ? size + 8 : Number.NaN;
}

function continuesAmqp({ client, server }: Said): boolean {
  return isChain(client, (at) => amqpFrameSize(client, at)) && [1, 2, 3, 8].includes(byte(server, 0));
}

// Kafka: "Protocol" of its documentation. The answer repeats the number of the request.

function isKafka({ client, server }: Said): boolean {
  const length = uint32(client, 0);
  const isHeader = length >= 10 && length <= 1 << 27 && uint16(client, 4) <= 100 && uint16(client, 6) <= 20;
  const isAnswer = uint32(server, 0) >= 4 && uint32(server, 4) === uint32(client, 8);
  return isHeader && isAnswer && hasClientId(client, length);
}

/** Kafka's clients give themselves a name of printable characters, or none (-1). */
function hasClientId(client: Uint8Array, length: number): boolean {
  const size = uint16(client, 12);
  if (size === 0xffff) return true;
  return size <= length - 10 && /^[\x20-\x7e]*$/.test(textOf(client, 14, 14 + size)) && size > 0;
}

// MQTT: 3.1.1 and 5.0, section 3.1, CONNECT.

function opensMqtt({ client }: Said): boolean {
  if (byte(client, 0) !== 0x10) return false;
  const lengthBytes = client.subarray(1, 5).findIndex((value) => value < 0x80) + 1;
  const name = client.subarray(1 + lengthBytes);
  if (lengthBytes === 0) return false;
  const isMqtt = startsWith(name, '\0\x04MQTT') && [4, 5].includes(byte(name, 6));
  return isMqtt || (startsWith(name, '\0\x06MQIsdp') && byte(name, 8) === 3);
}

// Thrift: "Thrift Binary protocol encoding", strict form, also in frames.

function isThrift({ client }: Said): boolean {
  const isFramed = startsWith(client.subarray(4), [0x80, 1]);
  const message = isFramed ? client.subarray(4) : client;
  const nameSize = uint32(message, 4);
  const isCall = startsWith(message, [0x80, 1, 0]) && [1, 4].includes(byte(message, 3));
  return isCall && nameSize < 200 && /^[A-Za-z_][\w.:]*$/.test(textOf(message, 8, 8 + nameSize));
}

// FastCGI: specification 3.3, 5.1: BEGIN_REQUEST with one of three roles.

function isFastCgi({ client }: Said): boolean {
  const isHeader = startsWith(client, [1, 1]) && uint16(client, 2) > 0 && uint16(client, 4) === 8;
  const hasRole = [1, 2, 3].includes(uint16(client, 8)) && byte(client, 10) <= 1;
  return isHeader && hasRole && client.length >= 16 && client.subarray(11, 16).every((value) => value === 0);
}

export const messaging: readonly Signature[] = [
  { name: 'HTTP/2', opens: ({ client }) => startsWith(client, preface), goesOn: continuesHttp2 },
  { name: 'AMQP', opens: opensAmqp, goesOn: continuesAmqp },
  { name: 'Kafka', opens: isKafka, goesOn: isKafka },
  { name: 'MQTT', opens: opensMqtt },
  { name: 'Thrift', opens: isThrift, goesOn: isThrift },
  { name: 'FastCGI', opens: isFastCgi, goesOn: isFastCgi },
  // STOMP 1.2, CONNECT: HTTP's method of that name has a blank behind it.
  { name: 'STOMP', opens: ({ client }) => /^(?:CONNECT|STOMP)\r?\n[\w-]+:[^\n]*\n/.test(textOf(client)) },
  // "Client Protocol" of the NATS documentation: the server speaks first.
  { name: 'NATS', opens: ({ server }) => /^INFO \{[^\r\n]*"server_(?:id|name)"/.test(textOf(server)) },
];
