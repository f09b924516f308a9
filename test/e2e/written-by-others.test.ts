/**
 * Bytes on a recorded connection that no send of a target told: here another process writes a part of the answer. The
 * part is a gap of its true size at its place, so that the rest does not pass for the whole.
 */
import net from 'node:net';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { lineFrom, start, stopAll, temporaryFolder } from '../support/programs';
import { readTape, startRecording } from '../support/recorder';

/** A child serves; of the answer to /shared its parent, which is not recorded, writes the head and the first bytes. */
const shared = `
import os, socket
ours, theirs = socket.socketpair()
listener = socket.socket(); listener.bind(('127.0.0.1', 0)); listener.listen()
if os.fork() == 0:
    print('listening', listener.getsockname()[1], os.getpid(), flush=True)
    connection = listener.accept()[0]
    socket.send_fds(theirs, [b'x'], [connection.fileno()])
    while True:
        request = connection.recv(4096)
        if not request: break
        if b'/shared' in request:
            theirs.send(b'x'); theirs.recv(1)
            connection.sendall(b'b' * 5000)
        else:
            connection.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nmine')
    os._exit(0)
message, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
connection = socket.socket(fileno=descriptors[0])
while ours.recv(1):
    connection.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 8000\\r\\n\\r\\n' + b'a' * 3000)
    ours.send(b'x')
`;
const PARENTS_PART = 'HTTP/1.1 200 OK\r\nContent-Length: 8000\r\n\r\n'.length + 3000;

const folder = temporaryFolder();
afterEach(stopAll);
afterAll(() => folder.remove());

/** Sends the request and reads until that many bytes have come. */
function ask(socket: net.Socket, path: string, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    const read = (part: Buffer) => {
      seen += part.length;
      if (seen < bytes) return;
      socket.off('data', read);
      resolve();
    };
    socket.on('data', read);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: here\r\n\r\n`);
  });
}

describeE2e('a part of an answer that another process writes', () => {
  it('is a gap of its size, and the answer is not called complete', async () => {
    const program = start('python3', ['-c', shared]);
    const [, port, pid] = await lineFrom(program, program.child.stdout, /^listening (\d+) (\d+)$/);
    const recording = await startRecording(folder.file('shared.tape'), ['--pid', pid ?? '']);
    const socket = net.connect(Number(port), '127.0.0.1');
    await ask(socket, '/mine', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine'.length);
    await ask(socket, '/shared', PARENTS_PART + 5000);
    socket.destroy();
    await recording.end();
    const inbound = (await readTape(recording.tape)).map(({ exchange }) => exchange);
    const of = (path: string) => inbound.find((one) => httpIn(one).request?.target === path);
    expect(of('/mine')).toMatchObject({ problems: [], content: { response: { status: 200 } } });
    expect(of('/shared')?.problems).toContain('unread-bytes');
    expect(recording.program.stderr()).toContain(`(${PARENTS_PART}): unreadable-call`);
  });
});
