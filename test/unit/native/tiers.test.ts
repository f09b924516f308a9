/** What a kernel that skips programs has cost, at most: a second program makes up for a first, one event at a time. */
import { missedEvents, programsOfOthers, type Tier, tiers } from '../../../native/tiers';

const named = (name: string) => tiers.find((tier) => tier.name === name) as Tier;

it.each([
  ['nothing', 'tracepoint', { wt_sock_send: 0, wt_sock_send_again: 0 }, [0, 0, 0]],
  ['a second that ran each time', 'tracepoint', { wt_sock_send: 900, wt_sock_send_again: 0 }, [0, 0, 0]],
  ['both of a pair', 'tracepoint', { wt_sock_send: 900, wt_sock_send_again: 3 }, [3, 0, 0]],
  [
    'two pairs',
    'tracepoint',
    { wt_sock_send: 2, wt_sock_send_again: 9, wt_sock_recv: 1, wt_sock_recv_again: 1 },
    [3, 0, 0],
  ],
  ['functions with a second for all', 'fexit', { wt_fx_send4: 2, wt_fx_send_un: 2, wt_sock_send_again: 3 }, [3, 0, 0]],
  ['functions of a kernel without seconds', 'fexit', { wt_fx_send4: 2, wt_fx_recv_un: 5 }, [7, 0, 0]],
  ['pages, which have no second', 'tracepoint', { wt_fx_page: 4, wt_sock_send: 1, wt_sock_send_again: 0 }, [4, 0, 0]],
  ['system calls', 'syscall', { wt_sys_in: 5, wt_sys_in_again: 1, wt_sys_out: 0, wt_sys_out_again: 8 }, [1, 0, 0]],
  ['returns without room', 'kprobe', { wt_kp_recv4: 0, wt_kr_recv4: 6 }, [6, 0, 0]],
  ['connections', 'tracepoint', { wt_sock_state: 1, wt_sock_destroy: 2 }, [0, 3, 0]],
  ['processes', 'tracepoint', { wt_task_new: 1, wt_task_exec: 2, wt_task_exit: 4 }, [0, 0, 7]],
])('counts what was skipped: %s', (_what, tier, skips, [data, connections, processes]) => {
  expect(missedEvents(named(tier), skips as Record<string, number>)).toEqual({ data, connections, processes });
});

it('leaves out the programs of other tiers, and none that a tier shares', () => {
  expect(programsOfOthers(named('fexit'))).toContain('wt_sock_send');
  expect(programsOfOthers(named('fexit'))).not.toContain('wt_sock_send_again');
  expect(programsOfOthers(named('kprobe'))).toContain('wt_sock_send_again');
});
