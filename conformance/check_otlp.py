"""OpenTelemetry's own protos read a trace that the action sent.

usage: check_otlp.py FILE

Prints one JSON object: the trace, and which members of the message the protos do not describe.
"""

import json
import sys
from pathlib import Path

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def unknown(message: Message, path: str) -> list[str]:
    """Where the message has members that its description does not have."""
    found = [f"{path}/{field.field_number}" for field in UnknownFieldSet(message)]
    for descriptor, value in message.ListFields():
        values = [value] if isinstance(value, Message) else value
        if descriptor.message_type is None:
            continue
        for index, inner in enumerate(values):
            found += unknown(inner, f"{path}/{descriptor.name}[{index}]")
    return found


request = ExportTraceServiceRequest()
request.ParseFromString(Path(sys.argv[1]).read_bytes())
print(json.dumps({"trace": MessageToDict(request), "unknown": unknown(request, "")}))
