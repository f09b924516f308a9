/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The recorder's kernel side, in the order of a connection's life. It decides nothing about protocols: it filters by
 * process, copies bytes, and counts what it could not copy. State hangs on the kernel's own threads and sockets, which
 * the tiers "tracepoint" and "fexit" know by their type; recorder_hash.bpf.c is the same for the others.
 */
#include "lib/kernel.bpf.h"

#include "config.h"
#include "wire.h"

#include "maps/events.bpf.h"
#include "maps/turns.bpf.h"
#include "maps/sockets.bpf.h"
#include "maps/targets.bpf.h"
#include "maps/seals.bpf.h"
#include "maps/threads.bpf.h"
#include "maps/tls.bpf.h"

#include "lib/filter.bpf.h"
#include "lib/emit.bpf.h"
#include "lib/leave_out.bpf.h"
#include "lib/guard.bpf.h"

#include "hooks/process_life.bpf.h"
#include "hooks/socket_life.bpf.h"
#include "hooks/other_sockets.bpf.h"
#include "hooks/uring.bpf.h"
#include "hooks/packets.bpf.h"
#include "hooks/tls_bind.bpf.h"
#include "hooks/tls_records.bpf.h"
#include "hooks/tls_plaintext.bpf.h"
#include "hooks/tls_descriptor.bpf.h"
#include "hooks/tls_go.bpf.h"
#include "hooks/socket_data.bpf.h"
#include "hooks/names.bpf.h"
#include "hooks/quic.bpf.h"
#include "hooks/call_ends.bpf.h"
#include "hooks/tls_calls.bpf.h"
#include "hooks/tls_agreed.bpf.h"
#include "hooks/tls_openssl.bpf.h"
#include "hooks/tls_gnutls.bpf.h"
#include "hooks/tls_nss.bpf.h"
#include "hooks/tls_mbedtls.bpf.h"
#include "hooks/tls_wolfssl.bpf.h"
#include "hooks/tls_rustls.bpf.h"
#include "hooks/tls_jsse.bpf.h"
#include "hooks/tls_s2n.bpf.h"
#include "hooks/tls_boringssl.bpf.h"

#include "tiers/fexit.bpf.h"
#ifdef STATE_IN_HASHES
#include "tiers/kprobe.bpf.h"
#include "tiers/syscall.bpf.h"
#else
#include "tiers/tracepoint.bpf.h"
#endif

char LICENSE[] SEC("license") = "Dual MIT/GPL";
