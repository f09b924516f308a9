/** The command line with a command that never ends by itself: tests interrupt it. */
import { runAsCommand } from '../../../cli/main';

process.argv = [process.argv[0] ?? '', 'wiretape', '--version'];
setInterval(() => undefined, 1000);
runAsCommand();
