"""Walks values along botocore's shapes and finds everything that the model does not allow."""

import collections
import datetime
import re

INTEGER = re.compile(r"-?\d+")


class Walk:
    """`problem(path, text)` is called for each thing that is wrong; `planted` are names that may be unknown."""

    def __init__(self, protocol, planted, problem):
        self.protocol = protocol
        self.planted = planted
        self.problem = problem
        self.seen_planted = collections.Counter()

    def value(self, shape, value, path):
        """Returns the value without the members that the model does not know."""
        if value is None:
            self.problem(path, "is null")
            return value
        check = getattr(self, f"_{shape.type_name}", None)
        if check is None:
            self.problem(path, f"has the type {shape.type_name}, which this referee does not know")
            return value
        return check(shape, value, path)

    def _structure(self, shape, value, path):
        if getattr(shape, "is_document_type", False):
            return value
        if not isinstance(value, dict):
            return self._wrong_type(shape, value, path)
        for name in shape.required_members:
            if name not in value:
                self.problem(path, f"the required member {name} is missing")
        if getattr(shape, "is_tagged_union", False) and len(value) != 1:
            self.problem(path, f"is a union with {len(value)} members")
        known = {}
        for name, member in value.items():
            if name in shape.members:
                known[name] = self.value(shape.members[name], member, f"{path}.{name}")
            elif name in self.planted:
                self.seen_planted[name] += 1
            else:
                self.problem(path, f"{shape.name} has no member {name}")
        return known

    def _list(self, shape, value, path):
        if not isinstance(value, list):
            return self._wrong_type(shape, value, path)
        self._bounds(shape, len(value), path, "items")
        return [self.value(shape.member, item, f"{path}[{index}]") for index, item in enumerate(value)]

    def _map(self, shape, value, path):
        if not isinstance(value, dict):
            return self._wrong_type(shape, value, path)
        self._bounds(shape, len(value), path, "entries")
        for key in value:
            self.value(shape.key, key, f"{path} key")
        return {key: self.value(shape.value, item, f"{path}.{key}") for key, item in value.items()}

    def _string(self, shape, value, path):
        if not isinstance(value, str):
            return self._wrong_type(shape, value, path)
        if shape.enum and value not in shape.enum:
            self.problem(path, f"{value!r} is not one of {', '.join(shape.enum)}")
        self._bounds(shape, len(value), path, "characters")
        pattern = shape.metadata.get("pattern")
        if pattern and not matches(pattern, value):
            self.problem(path, f"{value!r} does not match {pattern}")
        return value

    _character = _string

    def _integer(self, shape, value, path):
        if isinstance(value, bool) or not isinstance(value, int):
            return self._wrong_type(shape, value, path)
        self._bounds(shape, value, path, "as its value")
        return value

    _long = _integer

    def _double(self, shape, value, path):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return self._wrong_type(shape, value, path)
        return value

    _float = _double

    def _boolean(self, shape, value, path):
        return value if isinstance(value, bool) else self._wrong_type(shape, value, path)

    def _timestamp(self, shape, value, path):
        default = "unixTimestamp" if self.protocol == "json" else "iso8601"
        if shape.serialization.get("timestampFormat", default) == "unixTimestamp":
            return self._double(shape, value, path)
        try:
            datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ" if "." in value else "%Y-%m-%dT%H:%M:%SZ")
        except (TypeError, ValueError):
            return self._wrong_type(shape, value, path)
        return value

    def _bounds(self, shape, size, path, unit):
        least, most = shape.metadata.get("min"), shape.metadata.get("max")
        if (least is not None and size < least) or (most is not None and size > most):
            self.problem(path, f"has {size} {unit}, outside of {least} to {most}")

    def _wrong_type(self, shape, value, path):
        self.problem(path, f"{value!r} is not a {shape.type_name}")
        return value


def matches(pattern, value):
    try:
        return re.search(f"^(?:{pattern})$", value) is not None
    except re.error:
        return True  # a few models use classes that only Java's expressions have


def local_name(element):
    return element.tag.rpartition("}")[2]


def from_xml(shape, element):
    """The value that an element stands for; what can't be read as its type stays a string, for the walk to find."""
    if shape.type_name == "structure":
        return structure_from_xml(shape, element)
    if shape.type_name == "list":
        if shape.serialization.get("flattened"):
            raise NotImplementedError(f"{shape.name} is a flattened list")
        name = shape.member.serialization.get("name", "member")
        wrong = [local_name(item) for item in element if local_name(item) != name]
        return wrong or [from_xml(shape.member, item) for item in element]
    if len(element):
        return [local_name(child) for child in element]
    return from_text(shape, element.text or "")


def structure_from_xml(shape, element):
    names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
    value = {}
    for child in element:
        name = names.get(local_name(child))
        if name is None or name in value:
            value[local_name(child) + (" (again)" if name else "")] = child.text
        else:
            value[name] = from_xml(shape.members[name], child)
    return value


def from_form(shape, form):
    """`{"Names.member.1": "a"}` as the parameters that it stands for."""
    tree = {}
    for key, value in form.items():
        at = tree
        *parents, last = key.split(".")
        for parent in parents:
            at = at.setdefault(parent, {})
        at[last] = value
    return from_tree(shape, tree) if shape else tree


def from_tree(shape, tree):
    if shape.type_name == "structure" and isinstance(tree, dict):
        names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        known = {names.get(name, name): item for name, item in tree.items()}
        return {name: from_tree(shape.members[name], item) if name in shape.members else item for name, item in known.items()}
    if shape.type_name == "list" and isinstance(tree, dict):
        items = tree.get("member", {})
        return [from_tree(shape.member, items[number]) for number in sorted(items, key=int)]
    return from_text(shape, tree) if isinstance(tree, str) else tree


def from_text(shape, text):
    if shape.type_name in ("integer", "long") and INTEGER.fullmatch(text):
        return int(text)
    if shape.type_name == "boolean" and text in ("true", "false"):
        return text == "true"
    if shape.type_name in ("double", "float"):
        try:
            return float(text)
        except ValueError:
            return text
    return text
