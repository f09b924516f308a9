/** Decides where return probes would harm their target. Pure: what a trial on a child of ours showed comes as an argument. */

/** The addon's `ReturnProbeTrial`, as far as it matters here. */
export interface ReturnProbeFacts {
  readonly outcome: 'safe' | 'killed' | 'unknown';
  readonly detail: string;
}

/**
 * Why return probes must not be placed in any process, or null where they may. From 6.11 the kernel implements a return
 * probe on x86-64 by a system call of its own, which a seccomp filter that does not know it answers by ending the
 * process; since 6.14, and in repaired stable kernels, seccomp lets it pass (systemd issue 34615, libseccomp issue 438).
 * Whether the target has a filter now says nothing: a sandbox may begin after the probe is in place. So it is all or
 * none, and what could not be tried counts as harmful.
 */
export function returnProbeRefusal({ outcome, detail }: ReturnProbeFacts): string | null {
  if (outcome === 'safe') return null;
  if (outcome === 'killed') return `a return probe would end a process with a seccomp filter here (${detail})`;
  return `whether a return probe harms a process with a seccomp filter could not be tried (${detail})`;
}
