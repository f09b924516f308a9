/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The recorder's kernel side, tier "tracepoint": in the order of a connection's life. It decides nothing about
 * protocols: it filters by process, copies bytes, and counts what it could not copy.
 */
#include "lib/kernel.bpf.h"

#include "config.h"
#include "wire.h"

#include "maps/events.bpf.h"
#include "maps/sockets.bpf.h"
#include "maps/targets.bpf.h"
#include "maps/seals.bpf.h"
#include "maps/threads.bpf.h"
#include "maps/tls.bpf.h"

#include "lib/filter.bpf.h"
#include "lib/emit.bpf.h"
#include "lib/guard.bpf.h"

#include "hooks/process_life.bpf.h"
#include "hooks/socket_life.bpf.h"
#include "hooks/tls_bind.bpf.h"
#include "hooks/tls_records.bpf.h"
#include "hooks/socket_data.bpf.h"
#include "hooks/tls_openssl.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";
