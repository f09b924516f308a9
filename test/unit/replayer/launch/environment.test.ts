import {
  commandEnvironment,
  type EnvironmentOptions,
  filledCommand,
  usesPort,
} from '../../../../replayer/launch/environment';
import { upstreamNamed } from '../../../../replayer/mocks/upstream';

const upstreams = ['payments:8443', 'rates:80', 'rates:81', '[::1]:9000'].map((name) => upstreamNamed(name, false));
const options: EnvironmentOptions = {
  mocks: {
    proxyUrl: 'http://127.0.0.1:1000',
    urls: new Map(upstreams.map(({ name }, i) => [name, `http://127.0.0.1:${2000 + i}`])),
    upstreams,
    caFile: '/tmp/ca.pem',
    trust: { bundle: '/tmp/bundle.pem', javaStore: '/tmp/cacerts', phpFolder: '/tmp/php', hashedFolder: '/tmp/certs' },
  },
  ownAddress: '127.0.0.1:3000',
  port: 4000,
  settings: [],
};
const settings = (...given: readonly string[]) => commandEnvironment({}, { ...options, settings: given });

it('leads clients to the mocks under the names each of them reads', () => {
  const env = commandEnvironment({ PATH: '/bin', NO_PROXY: '*', https_proxy: 'http://corporate:3128' }, options);
  expect(env).toMatchObject({
    PATH: '/bin',
    HTTP_PROXY: 'http://127.0.0.1:1000',
    https_proxy: 'http://127.0.0.1:1000',
    NO_PROXY: '127.0.0.1:3000',
    no_proxy: '127.0.0.1:3000',
    NODE_USE_ENV_PROXY: '1',
    NODE_EXTRA_CA_CERTS: '/tmp/ca.pem',
    SSL_CERT_FILE: '/tmp/bundle.pem',
    SSL_CERT_DIR: '/tmp/certs',
    REQUESTS_CA_BUNDLE: '/tmp/bundle.pem',
    CURL_CA_BUNDLE: '/tmp/bundle.pem',
  });
});

it('names no proxy, and drops those of the shell, where none is needed', () => {
  const shell = {
    HTTP_PROXY: 'http://corporate:3128',
    https_proxy: 'http://corporate:3128',
    No_Proxy: '*',
    PATH: '/bin',
  };
  const env = commandEnvironment(shell, { ...options, mocks: { ...options.mocks, proxyUrl: null } });
  expect(Object.keys(env).filter((name) => /proxy/i.test(name))).toEqual([]);
  expect(env).toMatchObject({ PATH: '/bin', SSL_CERT_FILE: '/tmp/bundle.pem' });
});

it('leads Java to the mocks by its options, behind those it has', () => {
  const { JAVA_TOOL_OPTIONS: given } = commandEnvironment({ JAVA_TOOL_OPTIONS: '-Xmx1g' }, options);
  expect(given?.split(' ')).toEqual([
    '-Xmx1g',
    '-Djavax.net.ssl.trustStore=/tmp/cacerts',
    '-Djavax.net.ssl.trustStorePassword=changeit',
    '-Dhttp.proxyHost=127.0.0.1',
    '-Dhttp.proxyPort=1000',
    '-Dhttp.nonProxyHosts=127.0.0.1',
    '-Dhttps.proxyHost=127.0.0.1',
    '-Dhttps.proxyPort=1000',
  ]);
});

it('calls what is let through without the proxy', () => {
  const env = commandEnvironment({}, { ...options, direct: ['db.test:5432'] });
  expect(env.no_proxy).toBe('127.0.0.1:3000,db.test:5432');
  expect(env.JAVA_TOOL_OPTIONS).toContain('-Dhttp.nonProxyHosts=127.0.0.1|db.test ');
});

it('keeps the extra certificates a user has by naming the bundle', () => {
  expect(commandEnvironment({ NODE_EXTRA_CA_CERTS: '/own.pem' }, options).NODE_EXTRA_CA_CERTS).toBe('/tmp/bundle.pem');
});

it.each([
  ['URL={mock:payments:8443}/v1', 'http://127.0.0.1:2000/v1'],
  ['URL={mock:Payments}', 'http://127.0.0.1:2000'],
  ['URL={mock:rates:81}', 'http://127.0.0.1:2002'],
  ['URL={mock:[::1]:9000}', 'http://127.0.0.1:2003'],
  ['URL={ca}:{port}', '/tmp/ca.pem:4000'],
  ['URL={"a": {"b": "{}"}}', '{"a": {"b": "{}"}}'],
  ['URL=/{post}/{id}/{cat}', '/{post}/{id}/{cat}'],
  ['URL=a=b', 'a=b'],
  ['URL=', ''],
])('fills %s', (setting, value) => {
  expect(settings(setting).URL).toBe(value);
});

it('lets settings win', () => {
  expect(settings('HTTP_PROXY=mine').HTTP_PROXY).toBe('mine');
});

it.each([
  ['URL={mock:nobody:1}', 'Cannot fill {mock:nobody:1}: the tape holds no such upstream'],
  ['URL={mock:rates}', 'Cannot fill {mock:rates}: more than one upstream has this name'],
  ['URL={prot}', 'Cannot fill {prot}: there is no such template'],
  ['URL={PORT}', 'Cannot fill {PORT}: there is no such template'],
  ['URL={ports}', 'Cannot fill {ports}: there is no such template'],
  ['URL={CA}', 'Cannot fill {CA}: there is no such template'],
  ['URL={mocks:payments:8443}', 'Cannot fill {mocks:payments:8443}: there is no such template'],
  ['URL', 'Cannot read --env "URL": it is not NAME=VALUE'],
  ['=x', 'Cannot read --env "=x": it is not NAME=VALUE'],
])('refuses %s', (setting, message) => {
  expect(() => settings(setting)).toThrow(expect.objectContaining({ code: 'USAGE', message }));
});

it('fills the words of a command as it fills settings', () => {
  const words = ['sh', '-c', 'serve {"a": {}} -b 127.0.0.1:{port} --rates={mock:rates:80}', '{ca}'];
  expect(filledCommand(words, options)).toEqual([
    'sh',
    '-c',
    'serve {"a": {}} -b 127.0.0.1:4000 --rates=http://127.0.0.1:2001',
    '/tmp/ca.pem',
  ]);
  expect(() => filledCommand(['serve', '{prot}'], options)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

it('knows when the service is told its port', () => {
  expect([usesPort(['A=1', 'PORT={port}']), usesPort(['A=1'])]).toEqual([true, false]);
});
