/** A service that answers with a kilobyte, and one who asks it as fast as it can. */
import { lineFrom, start, startServer } from './programs';

const server = `require('node:http').createServer((_, response) => response.end('x'.repeat(1000)))
  .listen(0, '127.0.0.1', function () { console.log('listening ' + this.address().port); });`;

/** Requests of 16 keep-alive connections, one after another on each, until it is ended. */
const client = `const http = require('node:http');
const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
let answers = 0;
const next = () => http.get(process.argv[1], { agent }, (response) => response.resume().on('end', () => {
  if (++answers === 20000) console.log('enough');
  next();
}));
for (let i = 0; i < 16; i++) next();`;

export function startKilobytes(): ReturnType<typeof startServer> {
  return startServer(process.execPath, ['-e', server]);
}

/** Twenty thousand times, and some more on top. */
export async function askForKilobytes({ port }: { readonly port: number }): Promise<void> {
  const load = start(process.execPath, ['-e', client, `http://127.0.0.1:${port}/`]);
  await lineFrom(load, load.child.stdout, /^enough$/);
  await load.stop('SIGTERM');
}
