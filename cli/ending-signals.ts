/**
 * The signals that end a command in order. Under nohup a hangup is none of them; but Node.js hears signals anew, whatever it
 * was started with. So the launchers in bin/ look, and say so by a variable that nobody whom we start is to see.
 */
const variable = 'WIRETAPE_IGNORES_HANGUP';
const isHangupIgnored = process.env[variable] !== undefined;
delete process.env[variable];

export const endingSignals = isHangupIgnored
  ? (['SIGINT', 'SIGTERM'] as const)
  : (['SIGINT', 'SIGTERM', 'SIGHUP'] as const);

/** For every command, whether it waits for signals or not. */
export function ignoreHangupIfAsked(): void {
  if (isHangupIgnored) process.on('SIGHUP', () => undefined);
}
