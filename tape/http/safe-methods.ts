/** RFC 9110 9.2.1, RFC 4918 and RFC 10008: what asks for something and changes nothing. */
export const safeMethods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'REPORT',
  'SEARCH',
  'QUERY',
]);
