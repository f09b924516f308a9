#!/usr/bin/env node
// The command of the installed package. Plain old JavaScript up to the check, so that an old Node.js can say it is old.
var version = process.versions.node.split('.').map(Number);
if (version[0] < 22 || (version[0] === 22 && version[1] < 19)) {
  process.stderr.write(
    'wiretape needs Node.js 22.19 or newer, and this is ' +
      process.version +
      '\n  do this   install a current Node.js, or run it with one: path/to/node ' +
      __filename +
      '\n',
  );
  process.exit(3);
}
require('../dist/cli/main.js').runAsCommand();
