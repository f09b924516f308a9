/* What the parts of the agent share: the table of its calls, and the places that the recorder's probes sit on. */
#ifndef WIRETAPE_AGENT_H
#define WIRETAPE_AGENT_H

#include "jvm.h"
#include "rewrite.h"

/*
 * Functions that do nothing: a probe on them sees their arguments. bpf/hooks/tls_jsse.bpf.h is the other side. `how`: AT_ONCE
 * where a record is written to its socket before the next one is sealed.
 */
#define AT_ONCE 1
void wiretape_jsse_sent(uint64_t connection, const uint8_t *bytes, uint64_t size, uint64_t how);
void wiretape_jsse_received(uint64_t connection, const uint8_t *bytes, uint64_t size, uint64_t how);
/*
 * A record is about to be opened: of a connection that has a socket of its own, whose descriptor it is; or, with -1, one
 * whose header these 16 bytes follow.
 */
void wiretape_jsse_opens(uint64_t connection, int64_t descriptor, const uint8_t *body);

/* Probes that are in place, as the kernel counts them: while there are none nobody listens. */
extern volatile uint16_t wiretape_jsse_listeners;

/* While JSSE calls into this agent: for recorders that find it aboard. */
extern volatile uint8_t wiretape_jsse_active;

/* The native methods of the helper class, and where calls of them are put. */
#define JSSE_CLASSES 3
struct patched_class {
	const char *name;
	struct insertion insertions[2];
	int count;
};
extern const struct patched_class jsse_classes[JSSE_CLASSES];

#define JSSE_METHODS 4
extern const struct native_method jsse_methods[JSSE_METHODS];

/* From here on hooks tell of what they see, by numbers that this environment keeps for connections. */
bool begin_telling(tools ti);
/* When it returns, no hook uses the environment any more. */
void end_telling(void);

void pause_ms(uint32_t ms);

#endif
