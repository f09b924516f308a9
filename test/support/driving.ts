/** Real servers for tests of the driver, and drivers to ask them; everything is closed when the test ends. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, type Driver, type DriverOptions, openDriver } from '../../replayer/drive/driver';
import type { Failure } from '../../replayer/drive/failure';
import type { AnswerLimits } from '../../replayer/drive/gathering';
import type { OutgoingRequest } from '../../replayer/drive/outgoing';
import { parseTarget } from '../../replayer/drive/target';
import { suiteDefaults } from './suite-defaults';

export class Stage {
  private readonly opened: (() => Promise<void>)[] = [];
  private readonly sockets = new Set<Socket>();

  /** Listens on a port the system chooses; gives the address. */
  async serve(server: Server, scheme: 'http' | 'https' = 'http', address = '127.0.0.1'): Promise<string> {
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {}); // the client may be gone first
      socket.on('close', () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    this.opened.push(
      () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          this.cut();
        }),
    );
    const host = address.includes(':') ? `[${address}]` : address;
    return `${scheme}://${host}:${(server.address() as AddressInfo).port}`;
  }

  /** Cuts all connections of its servers, whatever is said on them. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  drive(url: string, options: Partial<DriverOptions> = {}, limits?: AnswerLimits): Driver {
    const driver = openDriver({ ...suiteDefaults, target: parseTarget(url), ...options }, limits);
    this.opened.push(() => driver.close());
    return driver;
  }

  /** Ends what was opened last. */
  async closeLast(): Promise<void> {
    await this.opened.pop()?.();
  }

  async close(): Promise<void> {
    for (const close of this.opened.splice(0).reverse()) await close();
  }
}

export function get(path: string, more: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return {
    method: 'GET',
    path,
    headers: [],
    body: new Uint8Array(0),
    trailers: [],
    version: '1.1',
    http2: null,
    ...more,
  };
}

/** The response; throws what went wrong in its place. */
export function answerIn(sent: Answer | Failure): Answer['response'] {
  if (sent.kind === 'failed') throw new Error(`${sent.reason}: ${sent.detail}`);
  return sent.response;
}

export function textIn(sent: Answer | Failure): string {
  return Buffer.from(answerIn(sent).body.bytes).toString('utf8');
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Of 127.0.0.1, signed by itself. */
export function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'wiretape-driver-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', [...made, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
