/** Databases and caches, by their published wire protocols; each fact says where it stands. */
import {
  byte,
  isChain,
  type Said,
  type Signature,
  startsWith,
  textOf,
  uint16,
  uint24le,
  uint32,
  uint32le,
  zeroEnded,
} from './signature';

const word = /^[A-Za-z_][\w-]*$/;

// PostgreSQL: "Message Formats" of its documentation.

/** SSLRequest, GSSENCRequest, CancelRequest: codes that no protocol version will ever have. */
const postgresRequests = [80877103, 80877104, 80877102];

function opensPostgres({ client }: Said): boolean {
  const length = uint32(client, 0);
  const code = uint32(client, 4);
  if (postgresRequests.includes(code)) return length === (code === 80877102 ? 16 : 8);
  // StartupMessage of version 3: pairs of zero-ended words, such as user and database.
  return length > 9 && length <= 10_000 && code >>> 16 === 3 && word.test(zeroEnded(client, 8) ?? '');
}

const postgresFromClient = /^[BCDEFHPQSXcdfp]$/;
const postgresFromServer = /^[123CDEGHINRSTVWZcdnstK]$/;

function postgresSize(bytes: Uint8Array, at: number, types: RegExp): number {
  return types.test(textOf(bytes, at, at + 1)) ? uint32(bytes, at + 1) + 1 : Number.NaN;
}

/** Queries as whole messages: simple ones, or those of the extended protocol up to their Sync. */
function continuesPostgres({ client, server }: Said): boolean {
  const isRequest = client.length > 5 && isChain(client, (at) => postgresSize(client, at, postgresFromClient));
  const last = client.subarray(-5);
  const isWhole = startsWith(last, [0x53, 0, 0, 0, 4]) || (startsWith(client, 'Q') && client.at(-1) === 0);
  return isRequest && isWhole && postgresSize(server, 0, postgresFromServer) < 1 << 24;
}

// MySQL and MariaDB: "Connection Phase" and "Text Protocol" of the MySQL internals.

function opensMysql({ server }: Said): boolean {
  const isPacket = uint24le(server, 0) < 512 && byte(server, 3) === 0;
  return isPacket && byte(server, 4) === 10 && /^\d+\.\d+[\w.+~-]*$/.test(zeroEnded(server, 5) ?? '');
}

/** COM_INIT_DB, COM_QUERY, COM_STMT_PREPARE: a command and text, in one packet that is numbered 0. */
function continuesMysql({ client, server }: Said): boolean {
  const isPacket = uint24le(client, 0) === client.length - 4 && byte(client, 3) === 0;
  const isText = [2, 3, 22].includes(byte(client, 4)) && /^[\s(/-]*[A-Za-z]/.test(textOf(client, 5, 64));
  return isPacket && isText && uint24le(server, 0) > 0 && byte(server, 3) === 1;
}

// Redis: RESP2 and RESP3 send commands as arrays of bulk strings.

function isRedis({ client, server }: Said): boolean {
  const command = /^\*[1-9]\d*\r\n\$(\d+)\r\n([A-Za-z][\w.|-]*)\r\n/.exec(textOf(client, 0, 96));
  if (command !== null) return command[2]?.length === Number(command[1]);
  return startsWith(client, 'PING\r\n') && startsWith(server, '+PONG\r\n');
}

// MongoDB: "Wire Protocol" of its documentation. Sizes and numbers are little endian.

const opMsg = 2013;
const opQuery = 2004;
const opCompressed = 2012;

function isMongo({ client, server }: Said): boolean {
  const size = uint32le(client, 0);
  if (!(size >= 26 && size <= 48_000_000) || uint32le(client, 8) !== 0) return false;
  const answers = server.length === 0 || uint32le(server, 8) === uint32le(client, 4);
  return answers && isMongoMessage(client, uint32le(client, 12), size);
}

function isMongoMessage(bytes: Uint8Array, code: number, size: number): boolean {
  if (code === opQuery) return /^[\w-]+\.\$cmd$/.test(zeroEnded(bytes, 20) ?? '');
  if (code === opCompressed) return [opMsg, opQuery].includes(uint32le(bytes, 16));
  if (code !== opMsg || ![0, 2, 0x10000].includes(uint32le(bytes, 16) & ~1)) return false;
  // Section 0: one document, whose size fits into the message.
  return byte(bytes, 20) === 0 && uint32le(bytes, 21) >= 5 && uint32le(bytes, 21) <= size - 21;
}

// Cassandra: native protocol versions 3 to 5, "Frame header".

/** Those of DataStax count from 0x41. */
const cqlVersions = [3, 4, 5, 0x41, 0x42];
const cqlOptions = 5;
const cqlStartup = 1;

function opensCassandra({ client, server }: Said): boolean {
  if (!cqlVersions.includes(byte(client, 0)) || byte(client, 1) > 0x1f) return false;
  if (byte(client, 4) === cqlStartup) return textOf(client, 9).includes('\0\x0bCQL_VERSION');
  const isOptions = byte(client, 4) === cqlOptions && uint32(client, 5) === 0;
  return isOptions && answersCassandra(server, client, [0, 6]);
}

/** QUERY, PREPARE, EXECUTE or BATCH in one frame, and a RESULT or ERROR of the same stream. */
function continuesCassandra({ client, server }: Said): boolean {
  const isRequest = cqlVersions.includes(byte(client, 0)) && [7, 9, 10, 13].includes(byte(client, 4));
  return isRequest && uint32(client, 5) === client.length - 9 && answersCassandra(server, client, [0, 8]);
}

function answersCassandra(server: Uint8Array, client: Uint8Array, codes: readonly number[]): boolean {
  const isSame = byte(server, 0) === (byte(client, 0) | 0x80) && uint16(server, 2) === uint16(client, 2);
  return server.length >= 9 && isSame && codes.includes(byte(server, 4));
}

// Memcached: protocol.txt and protocol_binary.txt of its sources. Only question and answer together tell.

const memcachedAsks =
  /^(?:(?:gets?|gats?|touch|delete|incr|decr) \S+|(?:set|add|replace|append|prepend|cas) \S+ \d+ -?\d+ \d+|m[gsdan] \S+|version|stats|mn)[^\r\n]*\r\n/;
const memcachedAnswers =
  /^(?:VALUE \S+ \d+ \d+|END|(?:NOT_)?STORED|EXISTS|NOT_FOUND|DELETED|TOUCHED|VERSION \S+|STAT \S+|\d+|HD|VA \d+|EN|MN|(?:CLIENT|SERVER)_ERROR)[^\r\n]*\r\n/;

function isMemcached({ client, server }: Said): boolean {
  if (byte(client, 0) === 0x80) return isMemcachedBinary(client, server);
  return memcachedAsks.test(textOf(client, 0, 256)) && memcachedAnswers.test(textOf(server, 0, 256));
}

/** Magic, the same operation, and the opaque number that an answer repeats. */
function isMemcachedBinary(client: Uint8Array, server: Uint8Array): boolean {
  const isAnswer = byte(server, 0) === 0x81 && byte(server, 1) === byte(client, 1);
  return server.length >= 24 && isAnswer && uint32(client, 12) === uint32(server, 12);
}

// SQL Server: MS-TDS 2.2.6.5, the PRELOGIN packet: its first option is the version, behind the list of options.

function opensTds({ client }: Said): boolean {
  const length = uint16(client, 2);
  const isPacket = startsWith(client, [0x12, 1]) && uint16(client, 4) === 0 && byte(client, 7) === 0 && length > 14;
  return isPacket && byte(client, 8) === 0 && uint16(client, 9) < length && uint16(client, 11) === 6;
}

export const databases: readonly Signature[] = [
  { name: 'PostgreSQL', opens: opensPostgres, goesOn: continuesPostgres },
  { name: 'MySQL', opens: opensMysql, goesOn: continuesMysql },
  { name: 'Redis', opens: isRedis, goesOn: isRedis },
  { name: 'MongoDB', opens: isMongo, goesOn: isMongo },
  { name: 'Cassandra', opens: opensCassandra, goesOn: continuesCassandra },
  { name: 'memcached', opens: isMemcached, goesOn: isMemcached },
  { name: 'SQL Server', opens: opensTds },
  // Neo4j: "Handshake specification" of the Bolt protocol.
  { name: 'Bolt', opens: ({ client }) => startsWith(client, [0x60, 0x60, 0xb0, 0x17]) },
];
