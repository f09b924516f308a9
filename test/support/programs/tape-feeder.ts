/**
 * Writes exchanges to a tape as the recorder does, until it is killed or the tape is full.
 * Arguments: the tape, and how large a body each exchange has. Says `flushed N` when the first N are on the tape.
 */
import { formatError, WiretapeError } from '../../../errors/wiretape-error';
import { openQueuedWriter } from '../../../tape/store/sqlite';
import { asRedacted, bodyOf, epochUs, exchangeOf, responseOf, sessionStart } from '../tapes';

async function main(): Promise<void> {
  const [path = '', bodyBytes = '1000', limit = 'Infinity'] = process.argv.slice(2);
  const tape = await openQueuedWriter(path, { batchExchanges: 16 });
  const session = await tape.beginSession(sessionStart);
  process.stdout.write('opened\n');
  const body = bodyOf(Buffer.alloc(Number(bodyBytes), 'abcdefgh'));
  for (let number = 1; number <= Number(limit); number++) {
    const exchange = exchangeOf({ number, startedAtUs: epochUs + number, response: responseOf({ body }) });
    if (!tape.append(session, [asRedacted(exchange)])) await tape.drained();
    if (number % 50 !== 0) continue;
    await tape.flush();
    process.stdout.write(`flushed ${number}\n`);
  }
  setInterval(() => {}, 2 ** 30); // the recording is under way until this is killed
}

main().catch((thrown: unknown) => {
  const isOurs = thrown instanceof WiretapeError;
  process.stderr.write(isOurs ? `${formatError(thrown)}\n` : String(thrown));
  process.exit(isOurs ? thrown.exitStatus : 1);
});
