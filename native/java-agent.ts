/** Where the agent lies that Java virtual machines load. Its source is native/java. */
import { builtFile } from './built-file';

/** What its file is called: as it was built, or as it was put before a virtual machine. */
export const javaAgentName = /^(?:\.wiretape-java-[0-9a-f]+|wiretape-java)\.so/;

export function javaAgentPath(): string {
  return builtFile('wiretape-java.so');
}
