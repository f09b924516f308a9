#include "wire_layout.h"

#include "../../bpf/wire.h"

namespace wiretape {

#define FIELD(type, field) {#type "." #field, offsetof(type, field), sizeof(type::field)}
#define WHOLE(type) {#type, 0, sizeof(type)}

std::vector<FieldLayout> wire_layout() {
  return {
      WHOLE(wire_header),
      FIELD(wire_header, version),
      FIELD(wire_header, type),
      FIELD(wire_header, direction),
      FIELD(wire_header, layer),
      FIELD(wire_header, reason),
      FIELD(wire_header, role),
      FIELD(wire_header, flags),
      FIELD(wire_header, tgid),
      FIELD(wire_header, tid),
      FIELD(wire_header, at_ns),
      FIELD(wire_header, socket),
      FIELD(wire_header, tls),
      FIELD(wire_header, position),
      FIELD(wire_header, size),
      FIELD(wire_header, captured),
      FIELD(wire_header, sealed_records),
      FIELD(wire_header, sealed_bytes),
      WHOLE(wire_open),
      FIELD(wire_open, family),
      FIELD(wire_open, local_port),
      FIELD(wire_open, remote_port),
      FIELD(wire_open, netns),
      FIELD(wire_open, local),
      FIELD(wire_open, remote),
      WHOLE(wire_open_unix),
      FIELD(wire_open_unix, local_length),
      FIELD(wire_open_unix, remote_length),
      FIELD(wire_open_unix, local),
      FIELD(wire_open_unix, remote),
      WHOLE(wire_sealed),
      FIELD(wire_sealed, records),
      FIELD(wire_sealed, bytes),
      FIELD(wire_sealed, cipher),
      FIELD(wire_sealed, version),
      WHOLE(wire_close),
      FIELD(wire_close, sent),
      FIELD(wire_close, received),
      FIELD(wire_close, error),
      FIELD(wire_close, sent_records),
      FIELD(wire_close, sent_sealed),
      FIELD(wire_close, received_records),
      FIELD(wire_close, received_sealed),
      FIELD(wire_close, told),
      FIELD(wire_close, round_trip_us),
      FIELD(wire_close, resent),
      FIELD(wire_close, window),
      WHOLE(wire_agreed),
      FIELD(wire_agreed, name),
      WHOLE(wire_other),
      FIELD(wire_other, family),
      FIELD(wire_other, protocol),
      FIELD(wire_other, cid),
      FIELD(wire_other, port),
      WHOLE(wire_process),
      FIELD(wire_process, other),
      FIELD(wire_process, name),
  };
}

}  // namespace wiretape
