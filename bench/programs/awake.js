/**
 * Keeps one core from going to sleep, at the lowest priority. A core that was asleep is slow for its first microseconds;
 * recording would seem to make a service cheaper, only because the recorder keeps the cores awake.
 * Ends by a signal, or by itself when its parent is gone.
 */
const os = require('node:os');

os.setPriority(os.constants.priority.PRIORITY_LOW);
const parent = process.ppid;
const lookEveryMs = 100;

while (process.ppid === parent) {
  const until = performance.now() + lookEveryMs;
  while (performance.now() < until);
}
