/**
 * How this suite reaches the build under test, and what stands in for its dependencies. Yours to change: once edited,
 * `wiretape generate` leaves it alone. Paths are relative to this folder.
 *
 *   command   starts the build
 *   target    where it then listens
 *   env       for the command: {mock:HOST:PORT} is the address of the mock of that dependency, {ca} the file of its CA,
 *             {port} a free port, which then takes the place of the port in target
 *   mocks     what the dependencies answered; no dependency needs to run
 *   noise     places that may differ, each with a reason
 *   calls     how calls to dependencies are judged: 'set' (default), 'strict' (how often and in which order, too), 'ignore'
 *   accepted  values that are expected in the place of recorded ones
 *
 * WIRETAPE_TARGET, when set, is used in place of command and target. More settings: ca, insecure, hostHeader, redact,
 * protoSet (what names the fields of protobuf messages), setHeader: ['authorization: Bearer ${env:TOKEN}'],
 * secret: ['NAME=env:VAR'], timeoutMs, waitMs, sandbox: 'netns' or 'env', clock: 'recorded' (the
 * build begins at the time of the recording), allow: ['127.0.0.1:5432'], and strict: true, with which nothing may differ
 * but what noise names.
 */
'use strict';
const { suite } = require('wiretape');

module.exports = suite({
  folder: __dirname,
  command: ['node', 'server.js'],
  cwd: '../..',
  env: { PAYMENTS_URL: '{mock:payments:8443}', PORT: '{port}' },
  target: 'http://127.0.0.1:8080',
  mocks: './mocks.json',
  noise: './noise.yaml',
});
