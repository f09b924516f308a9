/**
 * Schema 2: an exchange of any protocol is an envelope of columns and a content in JSON; messages have a table of their
 * own; a connection need not have a process. Not released yet, so it may still be edited. What each column is for stands
 * in docs/tape-format.md.
 */

const tables = `
CREATE TABLE connections (
  id              INTEGER PRIMARY KEY,
  session_id      INTEGER NOT NULL REFERENCES sessions (id),
  key             INTEGER NOT NULL,
  direction       TEXT NOT NULL,
  opened_us       INTEGER NOT NULL,
  local           TEXT,
  remote          TEXT,
  tls_library     TEXT,
  pid             INTEGER,
  process         TEXT,
  unread_tls      TEXT,
  unread_reason   TEXT,
  ways            TEXT,
  server_name     TEXT,
  host_name       TEXT,
  host_name_from  TEXT,
  executable      TEXT,
  command         TEXT,
  user_id         INTEGER,
  user_name       TEXT,
  tls_version     TEXT,
  tls_cipher      TEXT,
  tls_offered     TEXT,
  tls_agreed      TEXT,
  handshake_us    INTEGER,
  sent_bytes      INTEGER,
  received_bytes  INTEGER,
  round_trip_us   INTEGER,
  retransmits     INTEGER,
  congestion_window INTEGER,
  container_id    TEXT,
  container_name  TEXT,
  container_image TEXT,
  pod_id          TEXT,
  pod_name        TEXT,
  pod_namespace   TEXT,
  UNIQUE (session_id, key)
);
CREATE TABLE heads (
  id      INTEGER PRIMARY KEY,
  headers TEXT NOT NULL
);
CREATE TABLE blocks (
  start INTEGER PRIMARY KEY,
  size  INTEGER NOT NULL,
  bytes BLOB NOT NULL
);
CREATE TABLE exchanges (
  id               INTEGER PRIMARY KEY,
  session_id       INTEGER NOT NULL REFERENCES sessions (id),
  connection_id    INTEGER NOT NULL REFERENCES connections (id),
  channel          INTEGER,
  seq              INTEGER NOT NULL,
  number           INTEGER NOT NULL,
  commit_number    INTEGER NOT NULL,
  protocol         TEXT NOT NULL,
  started_us       INTEGER NOT NULL,
  duration_us      INTEGER,
  outcome          TEXT NOT NULL,
  problems         TEXT NOT NULL,
  cause_number     INTEGER,
  cause_method     TEXT,
  verb             TEXT,
  authority        TEXT,
  target           TEXT,
  result           TEXT,
  application      TEXT,
  failed           INTEGER NOT NULL,
  over_verb        TEXT,
  over_target      TEXT,
  over_result      TEXT,
  request_bytes    INTEGER NOT NULL,
  response_bytes   INTEGER NOT NULL,
  messages         INTEGER NOT NULL,
  content          TEXT NOT NULL,
  request_head_id  INTEGER REFERENCES heads (id),
  request_values   TEXT,
  response_head_id INTEGER REFERENCES heads (id),
  response_values  TEXT,
  redacted         TEXT,
  request_body_id  INTEGER REFERENCES bodies (id),
  response_body_id INTEGER REFERENCES bodies (id),
  request_body     BLOB,
  response_body    BLOB,
  packed           INTEGER
);
CREATE TABLE proto_files (
  session_id INTEGER NOT NULL REFERENCES sessions (id),
  name       TEXT NOT NULL,
  bytes      BLOB NOT NULL,
  source     TEXT NOT NULL,
  others     INTEGER NOT NULL,
  PRIMARY KEY (session_id, name)
) WITHOUT ROWID;
CREATE TABLE messages (
  exchange_id INTEGER NOT NULL REFERENCES exchanges (id),
  ordinal     INTEGER NOT NULL,
  sender      TEXT NOT NULL,
  kind        TEXT NOT NULL,
  started_us  INTEGER NOT NULL,
  ended_us    INTEGER NOT NULL,
  facts       TEXT NOT NULL,
  size        INTEGER NOT NULL,
  codings     TEXT NOT NULL,
  redacted    TEXT,
  body_id     INTEGER REFERENCES bodies (id),
  body        BLOB,
  packed      INTEGER,
  PRIMARY KEY (exchange_id, ordinal)
) WITHOUT ROWID;
`;

/** A secondary index is paid for by every exchange recorded: one for time and connection, one for what is new. */
const indexes = `
CREATE INDEX exchanges_by_time ON exchanges (started_us, connection_id);
CREATE INDEX exchanges_by_commit ON exchanges (commit_number);
`;

const views = `
CREATE VIEW exchange_list AS
SELECT e.id, e.session_id, e.connection_id,
       strftime('%Y-%m-%dT%H:%M:%S', e.started_us / 1000000, 'unixepoch') || printf('.%06dZ', e.started_us % 1000000) AS started_at,
       c.direction, iif(e.over_verb IS NULL, e.verb, e.over_verb) AS method, e.authority AS host,
       iif(e.over_verb IS NULL, e.target, e.over_target) AS path,
       iif(iif(e.over_verb IS NULL, e.result, e.over_result) GLOB '[1-9][0-9][0-9]',
           CAST(iif(e.over_verb IS NULL, e.result, e.over_result) AS INTEGER), NULL) AS status,
       e.duration_us / 1000.0 AS duration_ms,
       e.request_bytes, e.response_bytes, e.outcome, e.problems, e.problems = '' AS complete,
       c.tls_library, c.pid, c.process, c.local, c.remote,
       x.id AS cause_id,
       coalesce(c.container_name, substr(c.container_id, 1, 12)) AS container, c.container_image, c.pod_namespace, c.pod_name,
       e.protocol, e.application, e.channel, e.result, e.failed, e.messages,
       iif(e.over_verb IS NULL, NULL, e.verb || ' ' || e.target) AS operation,
       c.server_name, c.host_name, c.executable, coalesce(c.user_name, c.user_id) AS user, c.tls_version, c.round_trip_us / 1000.0 AS round_trip_ms
FROM exchanges e
JOIN connections c ON c.id = e.connection_id
JOIN sessions s ON s.id = e.session_id
LEFT JOIN exchanges x ON x.id = s.first_exchange + e.cause_number - 1;

CREATE VIEW slow_exchanges AS
SELECT id, started_at, direction, method, host, path, status, duration_ms, operation
FROM exchange_list WHERE duration_ms IS NOT NULL ORDER BY duration_ms DESC;

CREATE VIEW failed_exchanges AS
SELECT id, started_at, direction, method, host, path, status, outcome, duration_ms, result, operation
FROM exchange_list WHERE failed OR outcome IN ('refused', 'reset', 'timeout') ORDER BY started_at, id;

CREATE VIEW incomplete_exchanges AS
SELECT id, started_at, direction, method, host, path, status, outcome, problems
FROM exchange_list WHERE problems <> '' ORDER BY started_at, id;

CREATE VIEW endpoints AS
SELECT direction, method, host, substr(path, 1, instr(path || '?', '?') - 1) AS path, count(*) AS exchanges,
       sum(failed) AS server_errors, sum(status BETWEEN 400 AND 499) AS client_errors,
       min(duration_ms) AS fastest_ms, avg(duration_ms) AS mean_ms, max(duration_ms) AS slowest_ms,
       sum(request_bytes) AS request_bytes, sum(response_bytes) AS response_bytes, operation
FROM exchange_list WHERE method IS NOT NULL
GROUP BY 1, 2, 3, 4, operation ORDER BY exchanges DESC;

CREATE VIEW message_headers AS
SELECT e.id AS exchange_id, m.message, j.key AS position, j.value ->> 0 AS name,
       iif(json_type(j.value, '$[1]') = 'integer',
           iif(m.message = 'request', e.request_values, e.response_values) ->> (j.value ->> 1), j.value ->> 1) AS value
FROM exchanges e
JOIN (SELECT 'request' AS message UNION ALL SELECT 'response') m
LEFT JOIN heads h ON h.id = iif(m.message = 'request', e.request_head_id, e.response_head_id)
JOIN json_each(coalesce(h.headers, e.content -> ('$.' || m.message || '.headers'))) j;

CREATE VIEW body_texts AS
SELECT e.id AS exchange_id, 'request' AS message, iif(e.packed IS NULL, coalesce(e.content ->> '$.request.codings', ''), NULL) AS codings,
       CASE WHEN e.content ->> '$.request.codings' IS NULL THEN CAST(CASE WHEN b.packing = 'plain' THEN b.bytes ELSE e.request_body END AS TEXT) END AS body
FROM exchanges e LEFT JOIN bodies b ON b.id = e.request_body_id
WHERE e.request_body IS NOT NULL OR e.request_body_id IS NOT NULL OR (e.packed IS NOT NULL AND e.request_bytes > 0)
UNION ALL
SELECT e.id, 'response', iif(e.packed IS NULL, coalesce(e.content ->> '$.response.codings', ''), NULL),
       CASE WHEN e.content ->> '$.response.codings' IS NULL THEN CAST(CASE WHEN b.packing = 'plain' THEN b.bytes ELSE e.response_body END AS TEXT) END
FROM exchanges e LEFT JOIN bodies b ON b.id = e.response_body_id
WHERE e.response_body IS NOT NULL OR e.response_body_id IS NOT NULL OR (e.packed IS NOT NULL AND e.response_bytes > 0);

CREATE VIEW message_texts AS
SELECT m.exchange_id, m.ordinal, m.sender, m.kind,
       strftime('%Y-%m-%dT%H:%M:%S', m.ended_us / 1000000, 'unixepoch') || printf('.%06dZ', m.ended_us % 1000000) AS ended_at,
       m.facts, m.size,
       CASE WHEN m.codings = '' THEN CAST(CASE WHEN b.packing = 'plain' THEN b.bytes ELSE m.body END AS TEXT) END AS body
FROM messages m LEFT JOIN bodies b ON b.id = m.body_id;

CREATE VIEW redactions AS
SELECT e.id AS exchange_id, json_extract(j.value, '$.in') AS message, json_extract(j.value, '$.path') AS path,
       json_extract(j.value, '$.rule') AS rule, json_extract(j.value, '$.placeholder') AS placeholder
FROM exchanges e JOIN json_each(e.redacted) j WHERE e.redacted IS NOT NULL
UNION ALL
SELECT m.exchange_id, json_extract(j.value, '$.in'), json_extract(j.value, '$.path'), json_extract(j.value, '$.rule'),
       json_extract(j.value, '$.placeholder')
FROM messages m JOIN json_each(m.redacted) j WHERE m.redacted IS NOT NULL;

CREATE VIEW unread_tls AS
SELECT session_id, process, unread_tls AS library, unread_reason AS reason, count(*) AS connections, count(DISTINCT pid) AS processes, min(pid) AS pid
FROM connections WHERE unread_tls IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY connections DESC;

CREATE VIEW raw_protocols AS
SELECT e.session_id, coalesce(e.application, 'unknown') AS protocol, count(*) AS streams,
       sum(e.request_bytes) AS request_bytes, sum(e.response_bytes) AS response_bytes
FROM exchanges e JOIN connections c ON c.id = e.connection_id
WHERE e.protocol = 'raw' AND c.unread_tls IS NULL AND e.request_bytes + e.response_bytes > 0
GROUP BY 1, 2 ORDER BY streams DESC;
`;

const oldViews = [
  'exchange_list',
  'slow_exchanges',
  'failed_exchanges',
  'incomplete_exchanges',
  'endpoints',
  'message_headers',
  'body_texts',
  'redactions',
];

/** What schema 1 does not say of a connection. */
const addedFacts = [
  'host_name',
  'host_name_from',
  'executable',
  'command',
  'user_id',
  'user_name',
  'tls_version',
  'tls_cipher',
  'tls_offered',
  'tls_agreed',
  'handshake_us',
  'sent_bytes',
  'received_bytes',
  'round_trip_us',
  'retransmits',
  'congestion_window',
]
  .map((column) => `NULL AS ${column}`)
  .join(', ');

/** The statements that give the rows of schema 1 as schema 2 has them; `from` is put before the names of its tables. */
export function secondFromFirst(
  from: string,
  suffix = '',
): { readonly connections: string; readonly exchanges: string } {
  return {
    connections: `SELECT id, session_id, key, direction, opened_us, local, remote, tls_library, pid, process,
      NULL AS unread_tls, NULL AS unread_reason, NULL AS ways, NULL AS server_name, ${addedFacts}, NULL AS container_id, NULL AS container_name, NULL AS container_image,
      NULL AS pod_id, NULL AS pod_name, NULL AS pod_namespace FROM ${from}connections${suffix}`,
    exchanges: `SELECT id, session_id, connection_id, NULL AS channel, seq, number, 1 AS commit_number, protocol, started_us,
      duration_us, outcome, ${problemsOfFirst} AS problems, cause_number, cause_method, method AS verb, host AS authority, path AS target,
      CAST(status AS TEXT) AS result, NULL AS application, coalesce(status >= 500, 0) AS failed,
      NULL AS over_verb, NULL AS over_target, NULL AS over_result, request_bytes, response_bytes, 0 AS messages, ${contentOfFirst} AS content,
      NULL AS request_head_id, NULL AS request_values, NULL AS response_head_id, NULL AS response_values, redacted, request_body_id, response_body_id, request_body,
      response_body, NULL AS packed FROM ${from}exchanges${suffix}`,
  };
}

/**
 * Recorders of then missed what a client said first on a connection of TLS, and paired each later request with an answer to an
 * earlier one: that lies before it, by more than two CPUs are apart.
 */
const problemsOfFirst = `CASE WHEN response_started_us < coalesce(request_started_us, started_us) - 1000
      THEN trim(problems || ' parse-error') ELSE problems END`;

/** A cell that is not of its kind becomes what nothing is read from: the exchange is then damaged, as it was before. */
function cell(column: string, type: 'text' | 'integer'): string {
  return `CASE typeof(${column}) WHEN '${type}' THEN ${column} WHEN 'null' THEN NULL ELSE json('[]') END`;
}

function json(column: string): string {
  return `CASE WHEN ${column} IS NULL THEN NULL WHEN typeof(${column}) = 'text' AND json_valid(${column}) THEN json(${column}) ELSE 'no JSON' END`;
}

function messageOfFirst(side: 'request' | 'response', own: string): string {
  const column = (name: string) => `${side}_${name}`;
  return `CASE WHEN ${column('version')} IS NOT NULL THEN json_object(
    'startedUs', ${cell(`coalesce(${column('started_us')}, started_us)`, 'integer')},
    'tookUs', ${cell(`coalesce(${column('ended_us')} - ${column('started_us')}, 0)`, 'integer')},
    'version', ${cell(`nullif(${column('version')}, '1.1')`, 'text')}, ${own},
    'headers', ${json(column('headers'))},
    'codings', ${cell(`nullif(${column('codings')}, '')`, 'text')},
    'trailers', ${json(column('trailers'))}) END`;
}

/** Merged with nothing, an object loses the members that are null. */
const contentOfFirst = `json_patch('{}', json_object(
  'request', ${messageOfFirst('request', `'target', ${cell('request_target', 'text')}`)},
  'response', ${messageOfFirst(
    'response',
    `'reason', ${cell("coalesce(response_reason, '')", 'text')},
     'informational', ${json('response_informational')}`,
  )}))`;

const remade = secondFromFirst('', '_of_1');

export const second = `
${oldViews.map((view) => `DROP VIEW ${view};`).join('\n')}
ALTER TABLE connections RENAME TO connections_of_1;
ALTER TABLE exchanges RENAME TO exchanges_of_1;
DROP INDEX exchanges_by_time;
ALTER TABLE sessions ADD COLUMN sample_ppm INTEGER;
ALTER TABLE bodies ADD COLUMN packed INTEGER;
${tables}
INSERT INTO connections ${remade.connections};
INSERT INTO exchanges ${remade.exchanges};
DROP TABLE exchanges_of_1;
DROP TABLE connections_of_1;
${indexes}
${views}`;
