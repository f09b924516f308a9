/** The server's part of a recorded conversation, as it becomes due. */
import { Script } from '../../../../../replayer/mocks/hosts/websocket/script';
import { messageOf } from '../../../../support/tapes';

/** `c` and `s` for what client and server say, `C` and `S` for their close, `p` for a ping of the server. */
function script(text: string): Script {
  const kinds = { c: 'text', s: 'text', C: 'close', S: 'close', p: 'ping' } as const;
  const messages = [...text].map((sign) => {
    const kind = kinds[sign as keyof typeof kinds];
    return messageOf(sign, { kind, from: sign.toLowerCase() === 'c' ? 'client' : 'server' });
  });
  return new Script(messages);
}

it('says at once what was said before the client said anything', () => {
  expect([script('sscs').due(), script('cs').due(), script('').due()]).toEqual([[0, 1], [], []]);
});

it('says each message once everything the client said before it was said', () => {
  const two = script('csccs');
  expect([two.due(), two.hear(0), two.hear(2), two.hear(3)]).toEqual([[], [1], [], [4]]);
});

it('waits for what was said out of order', () => {
  const two = script('cscs');
  expect([two.hear(2), two.hear(0)]).toEqual([[], [1, 3]]);
});

it('says again what answered a message that comes again, and no goodbye', () => {
  const closing = script('csscS');
  expect([closing.hear(0), closing.hear(0), closing.hear(3), closing.hear(3)]).toEqual([[1, 2], [1, 2], [4], []]);
});

it('leaves pings to the socket, and the answer to the close of the client too', () => {
  expect([script('pps').due(), script('sCS').due(), script('S').due()]).toEqual([[2], [0], [0]]);
});
