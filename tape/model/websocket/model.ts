/** How the life of a WebSocket is listed, walked and packed: as the handshake it began with, and by what it carried. */
import type { ContentModel } from '../content-model';
import { httpModel, plainOperation } from '../http/model';
import { subprotocolOf, type WebSocketContent } from './websocket';

export const webSocketModel: ContentModel<WebSocketContent> = {
  isParsed: true,
  isReadable: () => true,
  operation: (content) => ({ ...plainOperation(content), application: subprotocolOf(content) }),
  sizes: ({ requestSize, responseSize }) => ({ request: requestSize, response: responseSize }),
  parts: (content) => httpModel.parts(content),
  withParts: (content, parts) => ({ ...content, ...httpModel.withParts(content, parts) }),
  pack: (content) => httpModel.pack(content),
  unpack: ({ sizes, ...stored }) => ({
    // A handshake has no body, or one of a few bytes that are all there.
    ...httpModel.unpack({
      ...stored,
      sizes: { request: stored.request?.length ?? 0, response: stored.response?.length ?? 0 },
    }),
    requestSize: sizes.request,
    responseSize: sizes.response,
  }),
  whole: (content) => content,
  http: ({ request, response }) => ({ request, response }),
};
