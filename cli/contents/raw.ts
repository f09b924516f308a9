/** How a raw stream is shown: by its sizes, and by its bytes where they were kept. */
import type { RawContent } from '../../tape/model/raw/raw';
import { shownBody } from '../body-text';
import { byteCount } from '../when';
import type { Colors, ContentView, MessageJson } from './content-view';
import { bodyJson } from './parts';

export const rawView: ContentView<RawContent> = {
  lines: ({ requestSize, responseSize, requestBytes, responseBytes }, { colors }) => [
    ...sideLines('to the server', requestSize, requestBytes, colors),
    '',
    ...sideLines('to the client', responseSize, responseBytes, colors),
  ],
  json: ({ requestBytes, responseBytes }) => ({ request: sideJson(requestBytes), response: sideJson(responseBytes) }),
  waitedUs: () => null,
};

function sideLines(name: string, size: number, bytes: Uint8Array | null, colors: Colors): readonly string[] {
  if (bytes === null) {
    return [colors.bold(name), size === 0 ? 'nothing' : `${byteCount(size)}, not kept (record --keep-raw keeps them)`];
  }
  const { kind, problem, lines } = shownBody([], { bytes, codings: [], wireSize: size });
  return [
    `${colors.bold(name)}${colors.dim(`  ${kind === '' ? 'nothing' : kind}`)}${problem === null ? '' : colors.yellow(`  ! ${problem}`)}`,
    ...lines,
  ];
}

/** The kept bytes are a message without fields. */
function sideJson(bytes: Uint8Array | null): MessageJson | null {
  if (bytes === null) return null;
  return { headers: [], body: bodyJson({ bytes, codings: [], wireSize: bytes.length }), trailers: [] };
}
