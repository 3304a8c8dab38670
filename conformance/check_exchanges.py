"""Checks recorded exchanges with AWS strictly against botocore's service models.

usage: check_exchanges.py EXCHANGES [PLANTED ...]

EXCHANGES is a file of JSON lines {service, operation, request: {headers, body}, answer: {status, headers, body}}, named
as botocore names them. PLANTED are members that no model knows and that were put there on purpose. Prints one JSON
object: {version, operations: {name: count}, errors: {code: count}, planted: {name: count}, problems: [text]}.
"""

import collections
import json
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

import botocore
import botocore.parsers
import botocore.serialize
import botocore.session
import botocore.validate
from strict_shapes import Walk, from_form, from_xml, local_name

# Every service may answer these, so no model lists them:
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html and the same page of the other services;
# the names that a signature's or a policy's refusal has with JSON and with the query protocol.
COMMON_ERRORS = {
    "json": {
        "AccessDeniedException", "ExpiredTokenException", "IncompleteSignature", "InternalFailure",
        "InvalidSignatureException", "MissingAuthenticationTokenException", "RequestExpired", "SerializationException",
        "ServiceUnavailable", "ThrottlingException", "UnknownOperationException", "UnrecognizedClientException",
        "ValidationException",
    },
    "query": {
        "AccessDenied", "ExpiredToken", "IncompleteSignature", "InternalFailure", "InvalidAction",
        "InvalidClientTokenId", "MissingAuthenticationToken", "RequestExpired", "ServiceUnavailable",
        "SignatureDoesNotMatch", "Throttling", "ValidationError",
    },
}  # fmt: skip


def main(path, planted):
    loaded = botocore.session.get_session()
    models = {name: loaded.get_service_model(name) for name in ("ecs", "ecr", "ecr-public", "logs", "elbv2", "sts")}
    report = Report(set(planted))
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            exchange = json.loads(line)
            try:
                check(models[exchange["service"]], exchange, report.at(number, exchange))
            except Exception as error:  # botocore or the XML parser could not read it at all
                report.problem("exchange", f"{type(error).__name__}: {error}")
    json.dump(report.result(), sys.stdout)


class Report:
    def __init__(self, planted):
        self.planted = planted
        self.operations = collections.Counter()
        self.errors = collections.Counter()
        self.seen_planted = collections.Counter()
        self.problems = []
        self.place = ""

    def at(self, number, exchange):
        self.place = f"{number} {exchange['service']}:{exchange['operation']}"
        self.operations[f"{exchange['service']}:{exchange['operation']}"] += 1
        return self

    def problem(self, where, text):
        self.problems.append(f"{self.place} {where}: {text}")

    def walk(self, where, protocol, shape, value):
        """Returns the value without what is unknown."""
        walk = Walk(protocol, self.planted, lambda path, text: self.problem(f"{where}{path}", text))
        known = walk.value(shape, value, "")
        self.seen_planted.update(walk.seen_planted)
        return known

    def result(self):
        return {
            "version": botocore.__version__,
            "operations": self.operations,
            "errors": self.errors,
            "planted": self.seen_planted,
            "problems": self.problems,
        }


def check(model, exchange, report):
    operation_name = exchange["operation"]
    answer = exchange["answer"]
    if operation_name not in model.operation_names:
        return report.problem("operation", "the service has none of this name")
    operation = model.operation_model(operation_name)
    protocol = model.metadata["protocol"]
    # What is refused may be refused because it is wrong.
    if answer["status"] == 200:
        check_request(operation, protocol, exchange["request"], report)
    if not answer["headers"].get("x-amzn-requestid"):
        report.problem("answer", "no x-amzn-requestid")
    expected = "application/x-amz-json-1.1" if protocol == "json" else "text/xml"
    if answer["headers"].get("content-type") != expected:
        report.problem("answer", f"content-type is not {expected}")
    if answer["status"] == 200:
        check_result(operation, protocol, answer, report)
    else:
        check_error(operation, protocol, answer, report)


def check_request(operation, protocol, request, report):
    metadata = operation.service_model.metadata
    if protocol == "json":
        expected = f"{metadata['targetPrefix']}.{operation.name}"
        if request["headers"].get("x-amz-target") != expected:
            report.problem("request", f"x-amz-target is not {expected}")
        sent = json.loads(request["body"] or "{}")
    else:
        form = dict(urllib.parse.parse_qsl(request["body"], keep_blank_values=True))
        head = [form.pop("Action", None), form.pop("Version", None)]
        if head != [operation.name, metadata["apiVersion"]]:
            report.problem("request", f"Action and Version are {head}")
        sent = from_form(operation.input_shape, form)
    if operation.input_shape is None:
        return
    known = report.walk("request", protocol, operation.input_shape, sent)
    found = botocore.validate.ParamValidator().validate(known, operation.input_shape)
    if found.has_errors():
        report.problem("request", f"botocore's own validator: {found.generate_report()}")
    check_serialized(operation, protocol, known, request, report)


def check_serialized(operation, protocol, known, request, report):
    """botocore would have written the same for the same parameters, apart from the order and what was planted."""
    again = botocore.serialize.create_serializer(protocol, False).serialize_to_request(known, operation)["body"]
    if protocol == "json":
        same = json.loads(again) == known
    else:
        sent = dict(urllib.parse.parse_qsl(request["body"], keep_blank_values=True))
        same = {name: str(value) for name, value in again.items()} == sent
    if not same:
        report.problem("request", f"botocore would have sent {again!r}")


def check_result(operation, protocol, answer, report):
    sent = json.loads(answer["body"]) if protocol == "json" else read_xml_result(operation, answer["body"], report)
    known = report.walk("answer", protocol, operation.output_shape, sent) if operation.output_shape else {}
    parsed = parse(protocol, answer, operation.output_shape)
    parsed.pop("ResponseMetadata", None)
    if parsed != known:
        report.problem("answer", f"botocore's own parser reads {parsed!r}")


def read_xml_result(operation, body, report):
    root = ElementTree.fromstring(body)
    namespace = operation.service_model.metadata["xmlNamespace"]
    check_element(root, f"{{{namespace}}}{operation.name}Response", report)
    wrapper = operation.output_shape.serialization.get("resultWrapper")
    children = [local_name(child) for child in root]
    if children != [wrapper, "ResponseMetadata"]:
        report.problem("answer", f"the elements in the root are {children}, not {wrapper} and ResponseMetadata")
    if not find_text(root, "ResponseMetadata", "RequestId"):
        report.problem("answer", "no ResponseMetadata.RequestId")
    return from_xml(operation.output_shape, find(root, wrapper))


def check_error(operation, protocol, answer, report):
    if protocol == "json":
        sent = json.loads(answer["body"])
        code, message = sent.pop("__type", None), sent.get("message") or sent.get("Message")
    else:
        sent, code, message = read_xml_error(operation, answer["body"], report)
    report.errors[code] += 1
    parsed = parse(protocol, answer, None)["Error"]
    if (parsed.get("Code"), parsed.get("Message", "")) != (code, message or ""):
        report.problem("answer", f"botocore's own parser reads {parsed!r}")
    modelled = {shape.error_code: shape for shape in operation.error_shapes}
    if code not in modelled:
        if code not in COMMON_ERRORS[protocol]:
            report.problem("answer", f"the error {code} is neither of this operation nor a common one")
        return
    expected = modelled[code].metadata.get("error", {}).get("httpStatusCode", 400)
    if answer["status"] != expected:
        report.problem("answer", f"{code} comes with {answer['status']}, not {expected}")
    # The message is the protocol's; a model may list it or not.
    rest = {name: value for name, value in sent.items() if name.lower() != "message"}
    report.walk("answer", protocol, modelled[code], rest)


def read_xml_error(operation, body, report):
    root = ElementTree.fromstring(body)
    namespace = operation.service_model.metadata["xmlNamespace"]
    check_element(root, f"{{{namespace}}}ErrorResponse", report)
    children = [local_name(child) for child in root]
    if children != ["Error", "RequestId"]:
        report.problem("answer", f"the elements in the root are {children}, not Error and RequestId")
    if find_text(root, "Error", "Type") not in ("Sender", "Receiver"):
        report.problem("answer", "the error's Type is neither Sender nor Receiver")
    error = find(root, "Error")
    rest = {local_name(child): child.text for child in error if local_name(child) not in ("Type", "Code", "Message")}
    return rest, find_text(root, "Error", "Code"), find_text(root, "Error", "Message")


def parse(protocol, answer, shape):
    factory = botocore.parsers.ResponseParserFactory()
    # As sent, so that it can be compared.
    factory.set_parser_defaults(timestamp_parser=lambda value: value, blob_parser=lambda value: value)
    raw = {"status_code": answer["status"], "headers": answer["headers"], "body": answer["body"].encode()}
    return factory.create_parser(protocol).parse(raw, shape)


def check_element(element, expected, report):
    if element.tag != expected:
        report.problem("answer", f"the root is {element.tag}, not {expected}")


def find(element, name):
    found = [child for child in element if local_name(child) == name]
    return found[0] if found else ElementTree.Element("absent")


def find_text(element, *names):
    for name in names:
        element = find(element, name)
    return element.text


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
