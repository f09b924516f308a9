/**
 * Header fields of a request that choose what is done or answered, by their definition. RFC 9110 sections 12.5, 13.1, 14.2 and
 * 14.5; what a preflight asks for (Fetch 4.8), where a stream of events goes on, what WebDAV is to copy whither and how deep
 * (RFC 4918 10.2 and 10.3); and where the operation, or the thing, stands in a field of a vendor. In lower case.
 */
export const selectingFields: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'access-control-request-headers',
  'access-control-request-method',
  'content-range',
  'depth',
  'destination',
  'dropbox-api-arg',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-event-id',
  'range',
  'soapaction',
  'x-amz-copy-source',
  'x-amz-copy-source-range',
  'x-amz-target',
  'x-goog-copy-source',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-ms-copy-source',
  'x-ms-range',
]);

/** Of these, lists of what a client takes or would like: servers give others, too. */
export const preferenceFields: ReadonlySet<string> = new Set(['accept', 'accept-language']);
