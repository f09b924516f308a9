/** Unix sockets of the machine: a network namespace does not hold back those that lie in the file system. Pure. */

/** Absolute paths of /proc/net/unix, each once; abstract sockets begin with `@` and belong to the network namespace. */
export function socketPaths(procNetUnix: string): readonly string[] {
  const paths = procNetUnix.split('\n').flatMap((line) => {
    const path = /^\S+: (?:\S+ +){6}(\/.*)$/.exec(line.trimEnd())?.[1];
    return path === undefined ? [] : [path];
  });
  return [...new Set(paths)];
}
