/** The view of each protocol's content. */
import type { Contents, ProtocolName } from '../../tape/model/contents';
import type { ContentView } from './content-view';
import { httpView } from './http';
import { rawView } from './raw';

const views: { readonly [P in ProtocolName]: ContentView<Contents[P]> } = {
  http1: httpView,
  http2: httpView,
  raw: rawView,
  websocket: httpView, // its handshake; what was said is shown message by message
};

/** The view for the content of that protocol. */
export function viewFor(protocol: ProtocolName): ContentView<Contents[ProtocolName]> {
  return views[protocol] as ContentView<Contents[ProtocolName]>;
}
