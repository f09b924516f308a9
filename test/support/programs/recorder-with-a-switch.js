/**
 * The built recorder with a switch, for tests of what happens when a probe is not there: a line `off REGEX` on stdin takes
 * away the probes of the BPF programs that match, `on` puts them back. Each is answered by the same line on stdout.
 */
const { readdirSync, readlinkSync } = require('node:fs');
const { createInterface } = require('node:readline');
const binding = require('../../../dist/native/binding');

const { openCapture } = binding;
/** @type {ReturnType<typeof withSwitch> | undefined} */
let switched;

binding.openCapture = (/** @type {Parameters<typeof openCapture>} */ ...given) => {
  const opened = openCapture(...given);
  switched = withSwitch(opened.capture);
  return { ...opened, capture: switched.capture };
};

/** @typedef {import('../../../native/binding').Capture} Capture */
/** @typedef {import('../../../native/binding').UprobeRequest} UprobeRequest */

/** @param {Capture} capture */
function withSwitch(capture) {
  /** @type {Map<number, { request: UprobeRequest, handle: number | null }>} */
  const attached = new Map();
  let last = 0;
  const attach = (/** @type {UprobeRequest} */ request) => ({ request, handle: capture.attachUprobe(request) });
  /** @type {Record<string | symbol, unknown>} */
  const methods = {
    attachUprobe(/** @type {UprobeRequest} */ request) {
      attached.set(++last, attach(request));
      return last;
    },
    detachUprobe(/** @type {number} */ key) {
      const handle = attached.get(key)?.handle ?? null;
      attached.delete(key);
      if (handle !== null) capture.detachUprobe(handle);
    },
  };
  return {
    capture: new Proxy(capture, {
      get: (target, name) => methods[name] ?? Reflect.get(target, name).bind(target),
    }),
    off(/** @type {RegExp} */ pattern) {
      for (const one of attached.values()) {
        if (one.handle === null || !pattern.test(one.request.program)) continue;
        capture.detachUprobe(one.handle);
        one.handle = null;
      }
    },
    on() {
      for (const one of attached.values()) if (one.handle === null) Object.assign(one, attach(one.request));
    },
  };
}

/** Links are closed on threads of the addon: gone when no descriptor shows them any more. */
function linksOpen() {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /bpf[-_]link/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;
}

/** @param {() => boolean} condition @param {string} answer */
function answerWhen(condition, answer) {
  if (condition()) console.log(answer);
  else setImmediate(() => answerWhen(condition, answer));
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, pattern] = line.split(' ');
  const before = linksOpen();
  if (command === 'off') switched?.off(new RegExp(pattern ?? ''));
  else switched?.on();
  answerWhen(() => (command === 'off' ? linksOpen() < before : true), line);
});
process.stdin.unref?.();

require('../../../dist/cli/main.js').runAsCommand();
