/** The recorder's parts in the process of a test, without its command: a source into a pipeline. */
import { createPipeline, type Pipeline } from '../../recorder/pipeline';
import type { TargetSpec } from '../../recorder/source/ebpf/attach/targets';
import type { Exchange } from '../../tape/model/exchange';
import { asRedacted } from './tapes';

export const noTargets: TargetSpec = { pids: [], comms: [], ports: [], cgroups: [], containers: [], all: false };

/** A pipeline whose exchanges gather in a list, as they are. */
export function gatheringPipeline(): { readonly pipeline: Pipeline; readonly exchanges: Exchange[] } {
  const exchanges: Exchange[] = [];
  const pipeline = createPipeline({
    redact: (exchange) => asRedacted(exchange),
    onExchange: ({ exchange }) => exchanges.push(exchange),
    onLoss: () => undefined,
  });
  return { pipeline, exchanges };
}
