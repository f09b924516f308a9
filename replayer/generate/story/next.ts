/** What a person types to run a suite that was just written. */
import type { SuiteSettings } from '../../suite/description';
import type { Runner } from './runner';

export function nextCommand({ command }: Runner, out: string, settings: SuiteSettings): string {
  return `Run them with  ${settings.command === undefined ? 'WIRETAPE_TARGET=URL ' : ''}${command} ${out}`;
}
