/**
 * Programs that others wrote and that use the distribution's OpenSSL, each as an echo: those that serve themselves by a
 * script of fixtures/apps/openssl-users, proxies before the echo of Node.js.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../replayer/launch/free-port';
import { apps, type Certificate, lineFrom, start, startServer, untilListening } from './programs';

export interface Served {
  readonly port: number;
}

export interface OpensslUser {
  readonly name: string;
  /** What is looked for to see whether it is there, and the package that brings it. */
  readonly needed: { readonly file: string; readonly package: string };
  /** Whether its server speaks HTTP/2 as well. */
  readonly http2: boolean;
  /** With files of its own in a folder of its own. */
  serve(certificate: Certificate, folder: string): Promise<Served>;
  /** The command that posts each file over one connection; null where it is no client. */
  readonly client: ((port: number, files: readonly string[]) => readonly string[]) | null;
}

const nodeEcho = join(apps, 'echo/node.js');

function byScript(name: string, command: string, script: string, needed: OpensslUser['needed']): OpensslUser {
  const path = join(apps, 'openssl-users', script);
  return {
    name,
    needed,
    http2: false,
    serve: ({ cert, key }) => startServer(command, [path, 'server', cert, key]),
    client: (port, files) => [command, path, 'client', String(port), ...files],
  };
}

const apacheModules = '/usr/lib/apache2/modules';

async function serveApache({ cert, key }: Certificate, folder: string): Promise<Served> {
  const [port, upstream] = [await freePort(), await startServer(process.execPath, [nodeEcho, 'server'])];
  const modules = ['mpm_event', 'authz_core', 'ssl', 'http2', 'proxy', 'proxy_http'];
  const lines = [
    ...modules.map((name) => `LoadModule ${name}_module ${apacheModules}/mod_${name}.so`),
    `ServerRoot ${folder}`,
    `PidFile ${join(folder, 'pid')}`,
    `DefaultRuntimeDir ${folder}`,
    'ServerName localhost',
    `ErrorLog ${join(folder, 'error.log')}`,
    `Listen 127.0.0.1:${port}`,
    'Protocols h2 http/1.1',
    'SSLEngine on',
    'SSLSessionCache none',
    `SSLCertificateFile ${cert}`,
    `SSLCertificateKeyFile ${key}`,
    `ProxyPass / http://127.0.0.1:${upstream.port}/`,
  ];
  const config = join(folder, 'apache.conf');
  writeFileSync(config, `${lines.join('\n')}\n`);
  await untilListening(start('apache2', ['-D', 'FOREGROUND', '-f', config]), port);
  return { port };
}

async function serveHaproxy({ cert, key }: Certificate, folder: string): Promise<Served> {
  const [port, upstream] = [await freePort(), await startServer(process.execPath, [nodeEcho, 'server'])];
  const both = join(folder, 'both.pem');
  writeFileSync(both, `${readFileSync(cert, 'utf8')}${readFileSync(key, 'utf8')}`);
  const lines = [
    'global',
    '  log stderr local0',
    'defaults',
    '  mode http',
    '  timeout connect 30s',
    '  timeout client 30s',
    '  timeout server 30s',
    'listen echo',
    '  log global',
    `  bind 127.0.0.1:${port} ssl crt ${both} alpn h2,http/1.1`,
    `  server node 127.0.0.1:${upstream.port}`,
  ];
  const config = join(folder, 'haproxy.cfg');
  writeFileSync(config, `${lines.join('\n')}\n`);
  const program = start('haproxy', ['-W', '-db', '-f', config]);
  await lineFrom(program, program.child.stderr, /Loading success/);
  return { port };
}

export const opensslUsers: readonly OpensslUser[] = [
  {
    name: 'Apache',
    needed: { file: join(apacheModules, 'mod_ssl.so'), package: 'apache2-bin' },
    http2: true,
    serve: serveApache,
    client: null,
  },
  {
    name: 'HAProxy',
    needed: { file: '/usr/sbin/haproxy', package: 'haproxy' },
    http2: true,
    serve: serveHaproxy,
    client: null,
  },
  byScript('Ruby', 'ruby', 'echo.rb', { file: '/usr/bin/ruby', package: 'ruby' }),
  byScript('PHP', 'php', 'echo.php', { file: '/usr/bin/php', package: 'php-cli' }),
  byScript('Perl', 'perl', 'echo.pl', {
    file: '/usr/share/perl5/IO/Socket/SSL.pm',
    package: 'libio-socket-ssl-perl',
  }),
];

/** A folder for one of them, made now. */
export function folderFor({ name }: OpensslUser, within: string): string {
  const path = join(within, name);
  mkdirSync(path, { recursive: true });
  return path;
}
