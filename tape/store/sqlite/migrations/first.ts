/** Schema 1, released with 0.1.0. */

export const first = `
CREATE TABLE sessions (
  id               INTEGER PRIMARY KEY,
  started_us       INTEGER NOT NULL,
  ended_us         INTEGER,
  end_reason       TEXT,
  wiretape_version TEXT NOT NULL,
  user             TEXT NOT NULL,
  machine          TEXT NOT NULL,
  kernel           TEXT NOT NULL,
  source           TEXT NOT NULL,
  targets          TEXT NOT NULL,
  rules            TEXT NOT NULL,
  first_exchange   INTEGER NOT NULL,
  exchanges        INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE connections (
  id           INTEGER PRIMARY KEY,
  session_id   INTEGER NOT NULL REFERENCES sessions (id),
  key          INTEGER NOT NULL,
  direction    TEXT NOT NULL,
  opened_us    INTEGER NOT NULL,
  local        TEXT,
  remote       TEXT,
  tls_library  TEXT,
  pid          INTEGER NOT NULL,
  process      TEXT NOT NULL,
  UNIQUE (session_id, key)
);
CREATE TABLE bodies (
  id       INTEGER PRIMARY KEY,
  sha256   BLOB NOT NULL UNIQUE,
  size     INTEGER NOT NULL,
  packing  TEXT NOT NULL,
  bytes    BLOB NOT NULL
);
CREATE TABLE exchanges (
  id                     INTEGER PRIMARY KEY,
  session_id             INTEGER NOT NULL REFERENCES sessions (id),
  connection_id          INTEGER NOT NULL REFERENCES connections (id),
  seq                    INTEGER NOT NULL,
  number                 INTEGER NOT NULL,
  protocol               TEXT NOT NULL,
  started_us             INTEGER NOT NULL,
  duration_us            INTEGER,
  outcome                TEXT NOT NULL,
  problems               TEXT NOT NULL,
  cause_number           INTEGER,
  cause_method           TEXT,
  method                 TEXT,
  host                   TEXT,
  path                   TEXT,
  status                 INTEGER,
  request_bytes          INTEGER NOT NULL,
  response_bytes         INTEGER NOT NULL,
  request_version        TEXT,
  request_target         TEXT,
  request_started_us     INTEGER,
  request_ended_us       INTEGER,
  request_codings        TEXT,
  response_version       TEXT,
  response_reason        TEXT,
  response_started_us    INTEGER,
  response_ended_us      INTEGER,
  response_codings       TEXT,
  request_headers        TEXT,
  response_headers       TEXT,
  request_trailers       TEXT,
  response_trailers      TEXT,
  response_informational TEXT,
  redacted               TEXT,
  request_body_id        INTEGER REFERENCES bodies (id),
  response_body_id       INTEGER REFERENCES bodies (id),
  request_body           BLOB,
  response_body          BLOB
);
CREATE INDEX exchanges_by_time ON exchanges (started_us, connection_id);
CREATE TABLE losses (
  id              INTEGER PRIMARY KEY,
  session_id      INTEGER NOT NULL REFERENCES sessions (id),
  at_us           INTEGER NOT NULL,
  connection_key  INTEGER,
  reason          TEXT NOT NULL,
  events          INTEGER NOT NULL,
  bytes           INTEGER NOT NULL
);
CREATE TABLE writer (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  pid     INTEGER NOT NULL,
  birth   TEXT NOT NULL
);

CREATE VIEW exchange_list AS
SELECT e.id, e.session_id, e.connection_id,
       strftime('%Y-%m-%dT%H:%M:%S', e.started_us / 1000000, 'unixepoch') || printf('.%06dZ', e.started_us % 1000000) AS started_at,
       c.direction, e.method, e.host, e.path, e.status, e.duration_us / 1000.0 AS duration_ms,
       e.request_bytes, e.response_bytes, e.outcome, e.problems, e.problems = '' AS complete,
       c.tls_library, c.pid, c.process, c.local, c.remote,
       x.id AS cause_id
FROM exchanges e
JOIN connections c ON c.id = e.connection_id
JOIN sessions s ON s.id = e.session_id
LEFT JOIN exchanges x ON x.id = s.first_exchange + e.cause_number - 1;

CREATE VIEW slow_exchanges AS
SELECT id, started_at, direction, method, host, path, status, duration_ms
FROM exchange_list WHERE duration_ms IS NOT NULL ORDER BY duration_ms DESC;

CREATE VIEW failed_exchanges AS
SELECT id, started_at, direction, method, host, path, status, outcome, duration_ms
FROM exchange_list WHERE status >= 500 OR outcome IN ('refused', 'reset', 'timeout') ORDER BY started_at, id;

CREATE VIEW incomplete_exchanges AS
SELECT id, started_at, direction, method, host, path, status, outcome, problems
FROM exchange_list WHERE problems <> '' ORDER BY started_at, id;

CREATE VIEW endpoints AS
SELECT direction, method, host, substr(path, 1, instr(path || '?', '?') - 1) AS path, count(*) AS exchanges,
       sum(status >= 500) AS server_errors, sum(status BETWEEN 400 AND 499) AS client_errors,
       min(duration_ms) AS fastest_ms, avg(duration_ms) AS mean_ms, max(duration_ms) AS slowest_ms,
       sum(request_bytes) AS request_bytes, sum(response_bytes) AS response_bytes
FROM exchange_list WHERE method IS NOT NULL
GROUP BY 1, 2, 3, 4 ORDER BY exchanges DESC;

CREATE VIEW message_headers AS
SELECT e.id AS exchange_id, m.message, j.key AS position,
       json_extract(j.value, '$[0]') AS name, json_extract(j.value, '$[1]') AS value
FROM exchanges e
JOIN (SELECT 'request' AS message UNION ALL SELECT 'response') m
JOIN json_each(CASE m.message WHEN 'request' THEN e.request_headers ELSE e.response_headers END) j;

CREATE VIEW body_texts AS
SELECT e.id AS exchange_id, 'request' AS message, e.request_codings AS codings,
       CASE WHEN e.request_codings = '' THEN CAST(CASE WHEN b.packing = 'plain' THEN b.bytes ELSE e.request_body END AS TEXT) END AS body
FROM exchanges e LEFT JOIN bodies b ON b.id = e.request_body_id
WHERE e.request_body IS NOT NULL OR e.request_body_id IS NOT NULL
UNION ALL
SELECT e.id, 'response', e.response_codings,
       CASE WHEN e.response_codings = '' THEN CAST(CASE WHEN b.packing = 'plain' THEN b.bytes ELSE e.response_body END AS TEXT) END
FROM exchanges e LEFT JOIN bodies b ON b.id = e.response_body_id
WHERE e.response_body IS NOT NULL OR e.response_body_id IS NOT NULL;

CREATE VIEW redactions AS
SELECT e.id AS exchange_id, json_extract(j.value, '$.in') AS message, json_extract(j.value, '$.path') AS path,
       json_extract(j.value, '$.rule') AS rule, json_extract(j.value, '$.placeholder') AS placeholder
FROM exchanges e JOIN json_each(e.redacted) j WHERE e.redacted IS NOT NULL;
`;
