/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * THE contract between the kernel side, native/ and recorder/source/ebpf/decode: what one event looks like.
 * Little endian, fixed widths, explicit padding, 8-byte aligned. Numbers travel: never reuse one.
 * Twin: recorder/source/ebpf/decode/wire.ts (a test compares the two through native/src/wire_layout.cc).
 */
#ifndef WIRETAPE_WIRE_H
#define WIRETAPE_WIRE_H

#define WIRE_VERSION 1

enum wire_type {
	WIRE_OPEN = 1,      /* struct wire_open */
	WIRE_DATA = 2,      /* struct wire_header and `captured` bytes */
	WIRE_CLOSE = 3,     /* struct wire_close */
	WIRE_TLS_BIND = 4,  /* struct wire_header: tls stream `tls` runs over `socket` */
	WIRE_TLS_CLOSE = 5, /* struct wire_close: the TLS object was freed */
	WIRE_FORK = 6,      /* struct wire_process: `other` is the child */
	WIRE_EXEC = 7,      /* struct wire_process */
	WIRE_EXIT = 8,      /* struct wire_process */
	WIRE_LISTEN = 9,    /* struct wire_open: the local end listens */
	WIRE_TLS_SEEN = 10, /* struct wire_header: the bytes on this socket are TLS records; `direction` is the client's */
	WIRE_OPEN_UNIX = 11, /* struct wire_open_unix */
	WIRE_SEALED = 12,   /* struct wire_sealed: records of application data passed the socket outside any TLS call */
	WIRE_STANDING = 13, /* struct wire_close: how a connection that goes on stands, as it would be told at its end */
	WIRE_ANSWER = 14,   /* struct wire_header and `captured` bytes: what the process received from a DNS server by UDP */
	WIRE_TLS_AGREED = 15, /* struct wire_agreed: what TLS stream `tls` was agreed to carry, as its library told its program */
	WIRE_OTHER_SOCKET = 16, /* struct wire_other: bytes moved on a socket of a kind that is not read */
	WIRE_COUNTED = 17, /* struct wire_header: the unix sockets that targets hold have just been counted */
};

enum wire_direction { WIRE_RECEIVED = 0, WIRE_SENT = 1 };
enum wire_layer { WIRE_SOCKET = 0, WIRE_TLS = 1 };
enum wire_role { WIRE_ROLE_UNKNOWN = 0, WIRE_ROLE_OUTBOUND = 1, WIRE_ROLE_INBOUND = 2 };

/* Why `captured` is less than what the event stands for. */
enum wire_reason {
	WIRE_WHOLE = 0,
	WIRE_OVER_LIMIT = 1,      /* more than the limit a call */
	WIRE_UNREADABLE_CALL = 2, /* splice from a socket, some requests of io_uring, some messages of recvmmsg, MSG_TRUNC */
	WIRE_FAULT = 3,           /* the page was not resident */
	WIRE_LEFT_OUT = 4,        /* whole turns, while the reader was behind */
	WIRE_IN_PACKETS = 5,      /* sent without passing memory: its bytes come as events with WIRE_FROM_PACKET */
};

/* How a TLS stream was bound to its socket: `reason` of WIRE_TLS_BIND. */
enum wire_binding {
	WIRE_BOUND_NESTED = 1,          /* a socket call inside the TLS call, on the same thread */
	WIRE_BOUND_CIPHERTEXT_SENT = 2, /* what the library gave its BIO is what the socket sent */
	WIRE_BOUND_CIPHERTEXT_RECEIVED = 3,
	WIRE_BOUND_WITHIN = 4, /* its ciphertext is the plaintext of another TLS stream on that socket */
	WIRE_BOUND_DESCRIPTOR = 5, /* the TLS object leads to the socket's descriptor */
};

/* What of struct wire_close the kernel told of a TCP socket: a kernel without the field, and other sockets, tell nothing. */
enum wire_told {
	WIRE_TOLD_ROUND_TRIP = 1,
	WIRE_TOLD_RESENT = 2,
	WIRE_TOLD_WINDOW = 4,
	WIRE_TOLD_SENT_END = 8, /* its FIN was sent before the connection ended */
	WIRE_TOLD_RECEIVED_END = 16,
	WIRE_TOLD_LEFT = 32, /* the process took less than all that its peer had to say, or the peer had not ended */
};

/* Which library a TLS stream is of: `role` of every event in the TLS layer. */
enum wire_library {
	WIRE_OPENSSL = 0,
	WIRE_GO = 1,
	WIRE_GNUTLS = 2,
	WIRE_NSS = 3,
	WIRE_MBEDTLS = 4,
	WIRE_WOLFSSL = 5,
	WIRE_RUSTLS = 6,
	WIRE_JSSE = 7,
	WIRE_S2N = 8,
	WIRE_BORINGSSL = 9,
};

/* flags */
#define WIRE_STARTED_EARLIER 0x1 /* the connection is older than the recorder */
#define WIRE_SOCKET_TLS 0x2      /* close: the socket carried TLS records */
#define WIRE_ACCOUNT 0x4         /* TLS data: all of `sealed_*` must be plaintext of earlier calls */
#define WIRE_MAYBE_TLS 0x8       /* socket data: opens like TLS; the other direction has not confirmed it */
#define WIRE_NESTED 0x10         /* sealed: inside a TLS call, told only for the length of the record */
#define WIRE_CALL_BEGINS 0x20    /* sealed: the first event of a socket call */
#define WIRE_FROM_PACKET 0x40    /* socket data: taken from a packet; may come twice, and before the call is told of */
#define WIRE_BY_REQUEST 0x80     /* socket data: moved by a request of io_uring */
#define WIRE_NOT_SAMPLED 0x100   /* open: the connection is not among those that are recorded */

struct wire_header {
	unsigned char version;
	unsigned char type;
	unsigned char direction;
	unsigned char layer;
	unsigned char reason;
	unsigned char role; /* of the socket; in the TLS layer the library */
	unsigned short flags;
	unsigned int tgid;
	unsigned int tid;
	unsigned long long at_ns;    /* CLOCK_MONOTONIC; TLS sent: when the call began; everything else: when it ended */
	unsigned long long socket;   /* generation of the socket; 0 where it is not known */
	unsigned long long tls;      /* generation of the TLS stream; 0 for the socket layer */
	unsigned long long position; /* offset of the first byte in this direction and layer */
	unsigned int size;           /* bytes this event stands for */
	unsigned int captured;       /* bytes that follow the header */
	/*
	 * TLS data and sealed: records of application data that had passed the socket in this direction before this
	 * call's own, and the bytes in them behind their headers; both modulo 2^32.
	 */
	unsigned int sealed_records;
	unsigned int sealed_bytes;
};

struct wire_open {
	struct wire_header header;
	unsigned short family; /* 2 IPv4, 10 IPv6 */
	unsigned short local_port;
	unsigned short remote_port;
	unsigned short padding;
	unsigned int netns;
	unsigned int padding2;
	unsigned char local[16]; /* network order; IPv4 in the first four bytes */
	unsigned char remote[16];
};

struct wire_open_unix {
	struct wire_header header;
	unsigned char local_length; /* of the name, a leading NUL (abstract) included; 0: none */
	unsigned char remote_length;
	unsigned char padding[6];
	unsigned char local[112];
	unsigned char remote[112];
};

struct wire_sealed {
	struct wire_header header; /* `size`: length of the last record of this call */
	unsigned int records;      /* completed in this call, or this one record */
	unsigned int bytes;
	unsigned short cipher; /* suite of the ServerHello (RFC 8446 B.4); 0 while it is not known */
	unsigned short version; /* legacy_version of the same (RFC 8446 4.1.3); 0 while it is not known */
	unsigned char padding[4];
};

struct wire_close {
	struct wire_header header;
	unsigned long long sent; /* true length of both directions of this layer */
	unsigned long long received;
	int error; /* positive errno, 0 for an orderly end */
	unsigned int sent_records; /* of application data, and the bytes in them, as in wire_header */
	unsigned int sent_sealed;
	unsigned int received_records;
	unsigned int received_sealed;
	unsigned int told;          /* bits of enum wire_told */
	unsigned int round_trip_us; /* smoothed */
	unsigned int resent;        /* segments sent again */
	unsigned int window;        /* congestion window, in segments */
	unsigned int padding;
};

struct wire_agreed {
	struct wire_header header; /* `size`: length of the name */
	char name[64];             /* as ALPN writes it (RFC 7301); longer ones are not told */
};

struct wire_other {
	struct wire_header header;
	unsigned short family;
	unsigned short protocol;
	unsigned int cid; /* vsock: the other end; 0xffffffff (VMADDR_CID_ANY) where it is not known */
	unsigned int port;
	unsigned int padding;
};

struct wire_process {
	struct wire_header header;
	unsigned int other;
	unsigned int padding;
	char name[16];
};

#endif
