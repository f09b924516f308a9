/** How a raw stream is listed, walked and packed: it has sizes, a name where its bytes tell one, and bytes on request. */
import type { ContentModel } from '../content-model';
import { PackedFields } from '../packed-fields';
import { PartCursor } from '../part-cursor';
import type { RawContent } from './raw';

export const rawModel: ContentModel<RawContent> = {
  isParsed: false,
  isConversation: false,
  isReadable: ({ requestSize, responseSize, requestBytes }, problems) =>
    requestBytes !== null || (requestSize + responseSize === 0 && !problems.includes('encrypted')),
  operation: ({ protocol }) => ({
    verb: null,
    authority: null,
    target: null,
    result: null,
    application: protocol,
    failed: false,
    over: null,
  }),
  sizes: ({ requestSize, responseSize }) => ({ request: requestSize, response: responseSize }),
  parts: ({ requestBytes, responseBytes }) => [
    { kind: 'bytes', side: 'request', value: requestBytes },
    { kind: 'bytes', side: 'response', value: responseBytes },
  ],
  withParts: (content, parts) => {
    const cursor = new PartCursor(parts);
    return { ...content, requestBytes: cursor.bytes(), responseBytes: cursor.bytes() };
  },
  pack: ({ protocol, requestBytes, responseBytes }) => ({
    fields: JSON.stringify({ protocol: protocol ?? undefined }),
    request: requestBytes === null ? null : { bytes: requestBytes, isCoded: false },
    response: responseBytes === null ? null : { bytes: responseBytes, isCoded: false },
  }),
  unpack: ({ fields, request, response, sizes }) => ({
    protocol: PackedFields.in(fields).textOrNull('protocol'),
    requestSize: sizes.request,
    responseSize: sizes.response,
    requestBytes: request,
    responseBytes: response,
  }),
  whole: (content) => content,
  messageFields: () => [],
  http: () => null,
};
