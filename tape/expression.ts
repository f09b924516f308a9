/**
 * Regular expressions that people write into rules, on an engine that takes linear time (RE2's, in JavaScript): whoever
 * sends a message must not be able to stop wiretape with it, whatever expression it meets.
 */
import { RE2JS } from 're2js';

export type Expression = RE2JS;

export type ReadExpression =
  | { readonly kind: 'read'; readonly expression: Expression }
  | { readonly kind: 'refused'; readonly why: string; readonly beyondLinear: boolean };

/** Refuses what that engine cannot express. */
export function readExpression(source: string): ReadExpression {
  try {
    return { kind: 'read', expression: RE2JS.compile(RE2JS.translateRegExp(source)) };
  } catch (error) {
    const [, what] = beyondLinear.find(([sign]) => sign.test(source)) ?? [];
    if (what !== undefined) {
      return { kind: 'refused', why: `${what}, which cannot be searched for in a bounded time`, beyondLinear: true };
    }
    const why = (error as Error).message.replace('error parsing regexp: ', '');
    return { kind: 'refused', why, beyondLinear: false };
  }
}

const beyondLinear: readonly (readonly [RegExp, string])[] = [
  [/\(\?[=!]/, 'looks ahead'],
  [/\(\?<[=!]/, 'looks behind'],
  [/\\[1-9]|\\k</, 'refers back to a group'],
];

/** True where some part of the text matches. */
export function findsIn(expression: Expression, text: string): boolean {
  return expression.matcher(text).find();
}
