/** Percent-encoded text that is no form (gRPC, PROTOCOL-HTTP2; RFC 8187): UTF-8 behind percent signs; what is no escape stays, and a plus is a plus. */
export function percentText(text: string): string {
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
