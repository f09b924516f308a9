/** Decides where return probes would harm their target. Pure: the kernel's release and the process's seccomp mode. */

/**
 * Why return probes must not be placed in a process, or null where they may. From 6.11 the kernel implements a return
 * probe on x86-64 by a system call of its own, which seccomp filters of that time refuse, and the process ends; since
 * 6.14 seccomp lets it pass (systemd issue 34615, libseccomp issue 438). Stable kernels between the two may carry the
 * repair; their release number does not say so, hence they count as harmful.
 */
export function returnProbeRefusal(kernelRelease: string, seccompMode: number): string | null {
  const version = /^(\d+)\.(\d+)/.exec(kernelRelease);
  if (version === null || seccompMode !== 2) return null;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  if (major !== 6 || minor < 11 || minor > 13) return null;
  return `the process has a seccomp filter, and return probes of kernel ${major}.${minor} would end it`;
}
