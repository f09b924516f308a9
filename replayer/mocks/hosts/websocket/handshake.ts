/** The handshake of a mocked conversation: the live request as recorded ones are, and what the recorded answer agreed to. */
import type { HeaderList } from '../../../../tape/model/body';
import type { HttpRequest, HttpResponse } from '../../../../tape/model/http/http';
import { extensionsIn, subprotocolOf } from '../../../../tape/model/websocket/websocket';
import type { Asked } from '../../front/asked';
import { liveRequest } from '../../live-request';
import { cleanFields, droppedNames } from '../../response';

/** A handshake has no body. */
export function handshakeOf(asked: Asked): HttpRequest {
  return liveRequest(asked, Buffer.alloc(0));
}

export interface Acceptance {
  readonly fields: HeaderList;
  /** What is spoken, where the client offers it; null for nothing. */
  readonly subprotocol: string | null;
  /** Whether messages may be compressed. */
  readonly deflates: boolean;
}

export function acceptanceOf(response: HttpResponse, further: HeaderList): Acceptance {
  const dropped = droppedNames(response);
  const fields = cleanFields(response.headers).filter(([name]) => {
    const lower = name.toLowerCase();
    return !dropped.has(lower) && !lower.startsWith('sec-websocket-') && lower !== 'content-length';
  });
  return {
    fields: [...fields, ...further],
    subprotocol: subprotocolOf({ request: null, response }),
    deflates: extensionsIn(response.headers).some(({ name }) => name === 'permessage-deflate'),
  };
}
