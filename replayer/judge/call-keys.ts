/** Which recorded calls ask for the same, and which rule of a noise file lets one be made or not. */
import { createHash } from 'node:crypto';
import { callSubject } from '../mocks/match/entry';
import type { Mock } from '../mocks/mock';
import { fits, type NoiseRule } from '../noise/rules';

export interface CallKeys {
  /** Equal for calls that ask for the same: upstream, method, target and body as recorded. */
  of(mock: Mock): string;
  ruleFor(mock: Mock): NoiseRule | undefined;
}

/** Remembers what it was asked. `rules` that are not about calls are passed over. */
export function callKeys(rules: readonly NoiseRule[]): CallKeys {
  const aboutCalls = rules.filter((rule) => rule.in === 'call');
  const keys = new Map<Mock, string>();
  const found = new Map<Mock, NoiseRule | undefined>();
  return {
    of(mock) {
      const key = keys.get(mock) ?? keyOf(mock);
      keys.set(mock, key);
      return key;
    },
    ruleFor(mock) {
      if (aboutCalls.length === 0 || found.has(mock)) return found.get(mock);
      const rule = aboutCalls.find((each) => fitsCall(each, mock));
      found.set(mock, rule);
      return rule;
    },
  };
}

/** True when the rule speaks of calls like this one, by the host that it names or by the upstream, which has its port. */
export function fitsCall(rule: NoiseRule, { request, upstream }: Mock): boolean {
  const subject = callSubject(request);
  return fits(rule, subject) || (rule.in === 'call' && fits(rule, { ...subject, authority: upstream }));
}

function keyOf({ upstream, request: { method, target, body } }: Mock): string {
  return createHash('sha256').update(`${upstream} ${method} ${target}\n`).update(body.bytes).digest('hex');
}
