/** Clients that refused the certificates of the mocks, for people. */
import type { Distrust } from '../mocks/front/trust';

/** A sentence and what to do, for people. `caFile` is the certificate to trust. */
export function untrustedLines(all: readonly Distrust[], caFile: string): readonly string[] {
  return all.flatMap((each) => [`untrusted ${untrustedText(each)}`, `          ${remedyFor(each, caFile)}`]);
}

/** Who refused whose certificate, and what was seen of it. */
export function untrustedText({ upstream, process, seen, isCertain, times, hasCompiledRoots }: Distrust): string {
  const who = process === null ? 'a client' : `${process.name} (pid ${process.pid})`;
  const whom = upstream === '' ? 'a mock' : upstream;
  const did = isCertain ? 'refused the certificate of' : 'seems to have refused the certificate of';
  const often = times === 1 ? '' : `, ${times} times`;
  const how = hasCompiledRoots ? '; its roots are compiled into it' : '';
  return `${who} ${did} ${whom}: ${seen}${often}${how}`;
}

function remedyFor({ process, hasCompiledRoots }: Distrust, caFile: string): string {
  const name = process?.name ?? '';
  if (hasCompiledRoots) {
    return 'no file or variable changes that: build it with the roots of the system for the test (Rust: rustls-native-certs, rustls-platform-verifier), or give it an http address of the mock';
  }
  if (/^java/.test(name)) {
    return `Java reads a store: keytool -importcert -noprompt -alias wiretape -storepass changeit -keystore mocks.jks -file ${caFile}, and JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=mocks.jks`;
  }
  if (/^(?:node|npm|MainThread)/.test(name)) {
    return `let it trust ${caFile}: NODE_EXTRA_CA_CERTS, or where it is given certificates of its own (ca:), those`;
  }
  if (/^(?:python|gunicorn|uvicorn|celery|flask)/.test(name)) {
    return `let it trust ${caFile}: SSL_CERT_FILE, REQUESTS_CA_BUNDLE, or where it is given certificates of its own (verify=, cafile=), those`;
  }
  return `let it trust ${caFile}: SSL_CERT_FILE, or where it is given certificates of its own, those; under wiretape test: --env NAME={ca}`;
}
