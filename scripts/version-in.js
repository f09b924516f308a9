/** What a program says its version is, of those that tasks run. */
const { execFileSync } = require('node:child_process');
const { environment } = require('./setup/carry-out');

/** The first version it prints; null where it is not there. @param {readonly string[]} command */
function versionIn([command = '', ...args]) {
  try {
    const said = execFileSync(command, args, {
      encoding: 'utf8',
      env: environment(),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /\d+\.\d+(\.\d+)*/.exec(said)?.[0] ?? null;
  } catch {
    return null;
  }
}

/** Those that are there, by name. @param {Record<string, readonly string[]>} asked @returns {Record<string, string>} */
function versionsOf(asked) {
  return Object.fromEntries(
    Object.entries(asked).flatMap(([name, command]) => {
      const version = versionIn(command);
      return version === null ? [] : [[name, version]];
    }),
  );
}

module.exports = { versionsOf };
