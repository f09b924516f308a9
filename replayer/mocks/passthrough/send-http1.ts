/** Sends a request on over HTTP/1.1. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pairsOf } from '../front/asked';
import { authorityOf, failPassing, type Passing, passedFields, pipeAnswer } from './passthrough';

export interface Http1Sender {
  send(passing: Passing): void;
  close(): void;
}

export function createHttp1Sender(): Http1Sender {
  const plain = new HttpAgent({ keepAlive: true });
  const secure = new HttpsAgent({ keepAlive: true });
  return {
    send(passing) {
      const { upstream, asked, body } = passing;
      const send = upstream.tls ? httpsRequest : httpRequest;
      const outgoing = send({
        host: upstream.host.replace(/^\[|\]$/g, ''),
        port: upstream.port,
        agent: upstream.tls ? secure : plain,
        method: asked.method,
        path: asked.target,
        headers: headersFor(passing),
      });
      outgoing.on('information', ({ statusCode, rawHeaders }) => {
        if (statusCode > 101) asked.reply.early({ status: statusCode, headers: pairsOf(rawHeaders) });
      });
      outgoing.on('response', (answer) => passBack(answer, passing));
      outgoing.on('error', (error) => failPassing(passing, error));
      asked.reply.whenOver(() => outgoing.destroy());
      const trailers = passedFields(asked.trailers(), 'request');
      if (trailers.length > 0) outgoing.addTrailers(pairsOf(trailers));
      outgoing.end(body);
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

/** Node.js sends any other method in chunks where nobody says how long its body is: one without a body has a length of 0. */
const sentBare: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/** Trailers need a body in chunks; any other has a length where the client gave one. */
function headersFor({ upstream, asked, body }: Passing): string[] {
  const fields = ['Host', authorityOf(upstream), ...passedFields(asked.headers(), 'request')];
  if (asked.trailers().length > 0) return [...fields, 'Transfer-Encoding', 'chunked'];
  const hasLength = body.length > 0 || asked.header('content-length') !== undefined;
  return hasLength || !sentBare.has(asked.method) ? [...fields, 'Content-Length', `${body.length}`] : fields;
}

export function passBack(answer: IncomingMessage, passing: Passing): void {
  const opened = passing.asked.reply.open({
    status: answer.statusCode ?? 502,
    reason: answer.statusMessage ?? '',
    headers: passedFields(answer.rawHeaders, 'answer'),
    framing: [],
  });
  answer.on('error', () => passing.asked.reply.abort());
  pipeAnswer(answer, opened, () => answer.rawTrailers);
}
