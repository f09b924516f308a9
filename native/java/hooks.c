/*
 * The native methods that JSSE's record layer is made to call: they find the bytes, the connection and the descriptor of its
 * socket, and hand them to functions that do nothing. Only fields are read and no Java code is called, so nothing can be thrown into the application;
 * a field that is not there, or any other surprise, means that nothing is told, which the account of ciphertext shows.
 */
#include "agent.h"

/* sun.security.ssl.ContentType */
#define APPLICATION_DATA 23
/* Of TLS; that of DTLS is 254. */
#define TLS_MAJOR 3
#define RECORD_HEADER_BYTES 5
#define OPENING_BYTES (RECORD_HEADER_BYTES + 16)
/* Of no object of a library in C, whose numbers are addresses in user space. */
#define CONNECTION_NUMBERS (1ull << 62)
/* Sockets within sockets: through a proxy, or an adaptor. */
#define LAYERS_MOST 4

/* Emulated by the kernel, and from 6.18 on a plain call in the place of a trap. */
#define NOTHING_AT(name)                                                                                               \
	__asm__(".text\n.balign 16\n.globl " #name "\n.type " #name ", @function\n" #name ":\n"                        \
		".byte 0x0f, 0x1f, 0x44, 0x00, 0x00\nret\n.size " #name ", . - " #name "\n")

NOTHING_AT(wiretape_jsse_sent);
NOTHING_AT(wiretape_jsse_received);
NOTHING_AT(wiretape_jsse_opens);

/* Not among what is zero at the start and so has no place in the file: the kernel finds it by its place there. */
__attribute__((section(".data"), visibility("default"))) volatile uint16_t wiretape_jsse_listeners = 0;

static tools environment;
static void *numbering;
static uint64_t last_number;
static volatile bool telling;
static volatile uint32_t inside;

static bool enter(void)
{
	if (!wiretape_jsse_listeners)
		return false;
	__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
	if (telling)
		return true;
	__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
	return false;
}

static void leave(void)
{
	__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
}

bool begin_telling(tools ti)
{
	if (CALL(ti, TI_CREATE_RAW_MONITOR, int, tools, const char *, void **)(ti, "wiretape", &numbering))
		return false;
	environment = ti;
	telling = true;
	return true;
}

void end_telling(void)
{
	telling = false;
	while (__atomic_load_n(&inside, __ATOMIC_SEQ_CST))
		pause_ms(1);
}

/* A field of the class of an object, or of one it extends; null, and nothing pending, where there is none. */
static jfield field_of(jni env, jobject object, const char *name, const char *signature)
{
	if (!object)
		return NULL;
	jobject class = CALL(env, JNI_GET_OBJECT_CLASS, jobject, jni, jobject)(env, object);
	jfield field = CALL(env, JNI_GET_FIELD_ID, jfield, jni, jobject, const char *, const char *)(env, class, name,
													signature);
	if (!field)
		CALL(env, JNI_EXCEPTION_CLEAR, void, jni)(env);
	CALL(env, JNI_DELETE_LOCAL_REF, void, jni, jobject)(env, class);
	return field;
}

/* A field, by the class that declares it: those that extend it may have one of the same name. */
struct known_field {
	const char *class;
	const char *name;
	const char *signature;
	jfield volatile field;
};

/* Asked for when there is an object of that class: it is in use, so nothing is begun by asking. */
static jfield known(jni env, struct known_field *field)
{
	if (field->field)
		return field->field;
	jobject class = CALL(env, JNI_FIND_CLASS, jobject, jni, const char *)(env, field->class);
	if (class)
		field->field = CALL(env, JNI_GET_FIELD_ID, jfield, jni, jobject, const char *, const char *)(
			env, class, field->name, field->signature);
	if (!field->field)
		CALL(env, JNI_EXCEPTION_CLEAR, void, jni)(env);
	return field->field;
}

static jobject object_in(jni env, jobject object, struct known_field *field)
{
	jfield place = object ? known(env, field) : NULL;
	return place ? CALL(env, JNI_GET_OBJECT_FIELD, jobject, jni, jobject, jfield)(env, object, place) : NULL;
}

static bool int_in(jni env, jobject object, struct known_field *field, int32_t *value)
{
	jfield place = object ? known(env, field) : NULL;
	if (place)
		*value = CALL(env, JNI_GET_INT_FIELD, int32_t, jni, jobject, jfield)(env, object, place);
	return place;
}

static struct known_field context_output = { "sun/security/ssl/TransportContext", "outputRecord", "Lsun/security/ssl/OutputRecord;", NULL };
static struct known_field context_transport = { "sun/security/ssl/TransportContext", "transport", "Lsun/security/ssl/SSLTransport;", NULL };
static struct known_field layered_self = { "sun/security/ssl/BaseSSLSocketImpl", "self", "Ljava/net/Socket;", NULL };
static struct known_field socket_impl = { "java/net/Socket", "impl", "Ljava/net/SocketImpl;", NULL };
static struct known_field impl_descriptor = { "java/net/SocketImpl", "fd", "Ljava/io/FileDescriptor;", NULL };
static struct known_field descriptor_number = { "java/io/FileDescriptor", "fd", "I", NULL };
static struct known_field plaintext_version = { "sun/security/ssl/Plaintext", "majorVersion", "B", NULL };
static struct known_field plaintext_type = { "sun/security/ssl/Plaintext", "contentType", "B", NULL };
static struct known_field plaintext_fragment = { "sun/security/ssl/Plaintext", "fragment", "Ljava/nio/ByteBuffer;", NULL };
static struct known_field buffer_position = { "java/nio/Buffer", "position", "I", NULL };
static struct known_field buffer_limit = { "java/nio/Buffer", "limit", "I", NULL };
static struct known_field buffer_address = { "java/nio/Buffer", "address", "J", NULL };
static struct known_field buffer_array = { "java/nio/ByteBuffer", "hb", "[B", NULL };
static struct known_field buffer_offset = { "java/nio/ByteBuffer", "offset", "I", NULL };

/*
 * A connection is known by what seals its records: there the way to all else of it is not short. The number is good for as long as
 * the object lives, and for no other; 0 where there is none to be had.
 */
static uint64_t number_of(jobject output)
{
	tools ti = environment;
	int64_t tag = 0;
	if (!output || CALL(ti, TI_GET_TAG, int, tools, jobject, int64_t *)(ti, output, &tag))
		return 0;
	if (tag || CALL(ti, TI_RAW_MONITOR_ENTER, int, tools, void *)(ti, numbering))
		return (uint64_t)tag;
	CALL(ti, TI_GET_TAG, int, tools, jobject, int64_t *)(ti, output, &tag);
	if (!tag) {
		tag = (int64_t)(CONNECTION_NUMBERS | ++last_number);
		if (CALL(ti, TI_SET_TAG, int, tools, jobject, int64_t)(ti, output, tag))
			tag = 0;
	}
	CALL(ti, TI_RAW_MONITOR_EXIT, int, tools, void *)(ti, numbering);
	return (uint64_t)tag;
}

/* What a connection's bytes go through: a socket of its own, one it was laid over, or the one its proxy was asked by. */
static int64_t descriptor_of(jni env, jobject context)
{
	jobject socket = object_in(env, object_in(env, context, &context_transport), &layered_self);
	jobject impl = object_in(env, socket, &socket_impl);
	for (int layer = 0; layer < LAYERS_MOST && impl; layer++) {
		jobject descriptor = object_in(env, impl, &impl_descriptor);
		int32_t number = -1;
		if (descriptor)
			return int_in(env, descriptor, &descriptor_number, &number) ? number : -1;
		/* Not remembered: classes that hand on have a field each. */
		jfield delegate = field_of(env, impl, "delegate", "Ljava/net/SocketImpl;");
		impl = delegate ? CALL(env, JNI_GET_OBJECT_FIELD, jobject, jni, jobject, jfield)(env, impl, delegate)
				: NULL;
	}
	return -1;
}

/* What lies between position and limit of a buffer. */
struct remaining {
	jobject array; /* null: `address` is good as it is */
	uint8_t *held; /* the array's memory, while it is held */
	uint64_t address;
	uint64_t from;
	uint64_t size;
};

static bool find_remaining(jni env, jobject buffer, struct remaining *found)
{
	int32_t position = 0;
	int32_t limit = 0;
	int32_t offset = 0;
	if (!int_in(env, buffer, &buffer_position, &position) || !int_in(env, buffer, &buffer_limit, &limit) ||
	    limit <= position || position < 0)
		return false;
	*found = (struct remaining){ .from = (uint64_t)position, .size = (uint64_t)(limit - position) };
	found->array = object_in(env, buffer, &buffer_array);
	if (found->array) {
		if (!int_in(env, buffer, &buffer_offset, &offset))
			return false;
		int32_t length = CALL(env, JNI_GET_ARRAY_LENGTH, int32_t, jni, jobject)(env, found->array);
		found->from += (uint64_t)(uint32_t)offset;
		return offset >= 0 && found->from + found->size <= (uint64_t)length;
	}
	jfield address = known(env, &buffer_address);
	if (!address)
		return false;
	found->address = (uint64_t)CALL(env, JNI_GET_LONG_FIELD, int64_t, jni, jobject, jfield)(env, buffer, address);
	return found->address;
}

/* Nothing but the functions that do nothing may be called until it is let go: the collector may wait. */
static const uint8_t *hold(jni env, struct remaining *bytes)
{
	if (!bytes->array)
		return (const uint8_t *)(bytes->address + bytes->from);
	bytes->held = CALL(env, JNI_GET_PRIMITIVE_ARRAY_CRITICAL, uint8_t *, jni, jobject, uint8_t *)(env, bytes->array,
												      NULL);
	return bytes->held ? bytes->held + bytes->from : NULL;
}

static void let_go(jni env, struct remaining *bytes)
{
	if (bytes->held)
		CALL(env, JNI_RELEASE_PRIMITIVE_ARRAY_CRITICAL, void, jni, jobject, void *, int)(env, bytes->array,
												   bytes->held, JNI_ABORT);
	else if (bytes->array)
		CALL(env, JNI_EXCEPTION_CLEAR, void, jni)(env);
}

typedef void (*telling_of)(uint64_t, const uint8_t *, uint64_t, uint64_t);

static void tell(jni env, telling_of told, jobject output, struct remaining *bytes, uint64_t how)
{
	uint64_t connection = number_of(output);
	if (!connection)
		return;
	const uint8_t *at = hold(env, bytes);
	if (at)
		told(connection, at, bytes->size, how);
	let_go(env, bytes);
}

/* SSLSocketOutputRecord is about to seal these bytes of an array, and to write them to its socket. */
static void socket_seals(jni env, jobject class, jobject output, jobject array, int32_t offset, int32_t length)
{
	(void)class;
	if (!enter())
		return;
	struct remaining bytes = { .array = array, .from = (uint32_t)offset, .size = (uint32_t)length };
	if (array && offset >= 0 && length > 0 &&
	    bytes.from + bytes.size <= (uint64_t)CALL(env, JNI_GET_ARRAY_LENGTH, int32_t, jni, jobject)(env, array))
		tell(env, wiretape_jsse_sent, output, &bytes, AT_ONCE);
	leave();
}

/* SSLEngineOutputRecord is about to seal what this buffer holds. */
static void engine_seals(jni env, jobject class, jobject output, jobject buffer)
{
	(void)class;
	if (!enter())
		return;
	struct remaining bytes;
	if (find_remaining(env, buffer, &bytes))
		tell(env, wiretape_jsse_sent, output, &bytes, 0);
	leave();
}

static void take_bytes(jni env, struct remaining *bytes, uint32_t size, uint8_t *to)
{
	if (bytes->array) {
		CALL(env, JNI_GET_BYTE_ARRAY_REGION, void, jni, jobject, int32_t, int32_t, uint8_t *)(
			env, bytes->array, (int32_t)bytes->from, (int32_t)size, to);
		return;
	}
	const volatile uint8_t *at = (const uint8_t *)(bytes->address + bytes->from);
	for (uint32_t i = 0; i < size; i++)
		to[i] = at[i];
}

/* The beginning of the record that these buffers hold; false where they hold less. */
static bool read_opening(jni env, jobject buffers, int32_t offset, int32_t count, uint8_t *opening)
{
	uint32_t have = 0;
	int32_t length = CALL(env, JNI_GET_ARRAY_LENGTH, int32_t, jni, jobject)(env, buffers);
	for (int32_t i = offset; i >= 0 && i < length && i - offset < count && have < OPENING_BYTES; i++) {
		struct remaining bytes;
		jobject buffer = CALL(env, JNI_GET_OBJECT_ARRAY_ELEMENT, jobject, jni, jobject, int32_t)(env, buffers, i);
		if (find_remaining(env, buffer, &bytes)) {
			uint64_t wanted = OPENING_BYTES - have;
			uint32_t size = (uint32_t)(bytes.size < wanted ? bytes.size : wanted);
			take_bytes(env, &bytes, size, opening + have);
			have += size;
		}
		CALL(env, JNI_DELETE_LOCAL_REF, void, jni, jobject)(env, buffer);
	}
	return have == OPENING_BYTES;
}

/* A record is about to be opened, in place: of an engine what these buffers hold; a socket reads it itself, and has none. */
static void opens(jni env, jobject class, jobject context, jobject buffers, int32_t offset, int32_t count)
{
	(void)class;
	if (!enter())
		return;
	uint8_t opening[OPENING_BYTES];
	if (buffers && read_opening(env, buffers, offset, count, opening)) {
		uint64_t connection = number_of(object_in(env, context, &context_output));
		if (connection)
			wiretape_jsse_opens(connection, -1, opening + RECORD_HEADER_BYTES);
	} else if (!buffers) {
		int64_t descriptor = descriptor_of(env, context);
		uint64_t connection = descriptor < 0 ? 0 : number_of(object_in(env, context, &context_output));
		if (connection)
			wiretape_jsse_opens(connection, descriptor, NULL);
	}
	leave();
}

static int byte_in(jni env, jobject object, struct known_field *field)
{
	jfield place = object ? known(env, field) : NULL;
	return place ? CALL(env, JNI_GET_BYTE_FIELD, int8_t, jni, jobject, jfield)(env, object, place) : 0;
}

/* What a record held: application data, or messages of other kinds. */
static void opened(jni env, jobject class, jobject plaintexts, jobject context)
{
	(void)class;
	if (!plaintexts || !enter())
		return;
	int32_t count = CALL(env, JNI_GET_ARRAY_LENGTH, int32_t, jni, jobject)(env, plaintexts);
	for (int32_t i = 0; i < count; i++) {
		struct remaining bytes;
		jobject one = CALL(env, JNI_GET_OBJECT_ARRAY_ELEMENT, jobject, jni, jobject, int32_t)(env, plaintexts, i);
		if (byte_in(env, one, &plaintext_type) == APPLICATION_DATA &&
		    byte_in(env, one, &plaintext_version) == TLS_MAJOR &&
		    find_remaining(env, object_in(env, one, &plaintext_fragment), &bytes))
			tell(env, wiretape_jsse_received, object_in(env, context, &context_output), &bytes, 0);
		CALL(env, JNI_DELETE_LOCAL_REF, void, jni, jobject)(env, one);
	}
	leave();
}

#define TWO_OBJECTS "(Ljava/lang/Object;Ljava/lang/Object;)V"
#define BYTES_OF_ARRAY "(Ljava/lang/Object;[BII)V"
#define SOME_OF_OBJECTS "(Ljava/lang/Object;[Ljava/lang/Object;II)V"
#define DECODE "(Lsun/security/ssl/TransportContext;[Ljava/nio/ByteBuffer;II[Ljava/nio/ByteBuffer;II)Lsun/security/ssl/Plaintext;"
#define DECODE_RECORD "([Ljava/nio/ByteBuffer;II)[Lsun/security/ssl/Plaintext;"
#define ENCODE "([Ljava/nio/ByteBuffer;IILjava/nio/ByteBuffer;)Lsun/security/ssl/Ciphertext;"
#define ENCRYPT "(Lsun/security/ssl/SSLCipher$SSLWriteCipher;BLjava/nio/ByteBuffer;IIILsun/security/ssl/ProtocolVersion;)J"

const struct native_method jsse_methods[JSSE_METHODS] = {
	{ "socketSeals", BYTES_OF_ARRAY, socket_seals },
	{ "engineSeals", TWO_OBJECTS, engine_seals },
	{ "opens", SOME_OF_OBJECTS, opens },
	{ "opened", TWO_OBJECTS, opened },
};

const struct patched_class jsse_classes[JSSE_CLASSES] = {
	/* Once for each record, under the lock that gives records their order: the bytes that are copied to be sealed. */
	{ "sun/security/ssl/SSLSocketOutputRecord",
	  { { .method = "deliver", .descriptor = "([BII)V",
	      .place = BEFORE_CALL, .callee = "write", .callee_descriptor = "([BII)V", .array_on_top = true,
	      .operands = { LOCAL_0, LOCAL_1, LOCAL_2, NUMBER_ON_TOP },
	      .helper = "socketSeals", .helper_descriptor = BYTES_OF_ARRAY } },
	  1 },
	/* Local 4 is the buffer that is sealed in place, from its position to its limit. */
	{ "sun/security/ssl/SSLEngineOutputRecord",
	  { { .method = "encode", .descriptor = ENCODE,
	      .place = BEFORE_CALL, .callee = "encrypt", .callee_descriptor = ENCRYPT,
	      .operands = { LOCAL_0, LOCAL_4 },
	      .helper = "engineSeals", .helper_descriptor = TWO_OBJECTS } },
	  1 },
	/* Static: local 0 is the context of the connection, of whichever form. */
	{ "sun/security/ssl/SSLTransport",
	  { { .method = "decode", .descriptor = DECODE,
	      .place = BEFORE_CALL, .callee = "decode", .callee_descriptor = DECODE_RECORD,
	      .operands = { LOCAL_0, LOCAL_1, LOCAL_2, LOCAL_3 },
	      .helper = "opens", .helper_descriptor = SOME_OF_OBJECTS },
	    { .method = "decode", .descriptor = DECODE,
	      .place = AFTER_CALL, .callee = "decode", .callee_descriptor = DECODE_RECORD,
	      .operands = { RESULT, LOCAL_0 },
	      .helper = "opened", .helper_descriptor = TWO_OBJECTS } },
	  2 },
};
