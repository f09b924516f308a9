/**
 * Open-loop load: requests leave on a fixed schedule, whether or not answers have come, over a fixed set of keep-alive
 * connections. Told to stop by its parent, and asked for its counts.
 *
 *   paced-client.js URL RATE CONNECTIONS [FILE]      with a file, which is posted, instead of GET
 *
 * Messages in: `count`, answered with { sent, answered, failed }; `stop`, answered with the same once every request
 * that was sent is answered, and then it ends. It also ends when its parent goes away.
 */
const { readFileSync } = require('node:fs');
const { Pool } = require('undici');

const [url = '', rate = '', connections = '', file] = process.argv.slice(2);
const perMs = Number(rate) / 1000;
const { origin, pathname } = new URL(url);
const pool = new Pool(origin, {
  connections: Number(connections),
  pipelining: 1,
  connect: { rejectUnauthorized: false },
});
const headers = { 'user-agent': 'bench', accept: 'application/json' };
const request =
  file === undefined
    ? { path: pathname, method: 'GET', headers }
    : {
        path: pathname,
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: readFileSync(file),
      };
const counts = { sent: 0, answered: 0, failed: 0 };
const startedAt = performance.now();

/** Sends all that is due by now, so that a late timer does not lower the rate. */
function sendDue() {
  const due = Math.floor((performance.now() - startedAt) * perMs);
  while (counts.sent < due) sendOne();
}

function sendOne() {
  counts.sent++;
  pool.dispatch(request, {
    onRequestStart() {},
    onResponseStart(_controller, status) {
      if (status !== 200) counts.failed++;
    },
    onResponseData() {},
    onResponseEnd() {
      counts.answered++;
    },
    onResponseError() {
      counts.failed++;
      counts.answered++;
    },
  });
}

const timer = setInterval(sendDue, 2);

function stop() {
  clearInterval(timer);
  const wait = setInterval(() => {
    if (counts.answered < counts.sent) return;
    clearInterval(wait);
    pool.close().then(() => process.send?.(counts, () => process.disconnect()));
  }, 5);
}

process.on('message', (message) => {
  if (message === 'count') process.send?.(counts);
  else if (message === 'stop') stop();
});
process.on('disconnect', () => process.exit());
