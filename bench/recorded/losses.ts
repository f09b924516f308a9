/** What reaches the tape at full load for as long as it takes to fill every buffer of the recorder. */
import { runWrk } from '../load/wrk';
import type { Result } from '../measure/result';
import type { Context, Measurement } from '../measurement';
import { type Service, type ServiceName, withService } from '../services';
import { honestyResults, keptResult } from './kept';
import { audited } from './recording';

/** A Node service must not outrun the recorder; of faster ones what is missing must be counted. */
const subjects: readonly { readonly service: ServiceName; readonly mustKeepAll: boolean }[] = [
  { service: 'nginx plain', mustKeepAll: false },
  { service: 'nginx TLS', mustKeepAll: false },
  { service: 'Node HTTPS', mustKeepAll: true },
];

export const losses: Measurement = {
  name: 'losses',
  records: true,
  async measure(context) {
    const results: Result[] = [];
    for (const { service, mustKeepAll } of subjects) {
      context.signal.throwIfAborted();
      results.push(...(await withService(service, (started) => overwhelm(started, mustKeepAll, context))));
    }
    return results;
  },
};

async function overwhelm(service: Service, mustKeepAll: boolean, { sizes, tell }: Context): Promise<readonly Result[]> {
  const { worked, audit } = await audited(service, () => runWrk(service.url, { seconds: sizes.sustainedSeconds }));
  const name = `${service.name} at full load`;
  tell(`${name}: ${audit.onTape - audit.lossy} of ${audit.served} kept, at ${Math.round(worked.perSecond)}/s`);
  return [keptResult(name, [audit], { mustKeepAll }), ...honestyResults(name, [audit])];
}
