"""Reads Microsoft's generated Python models as shapes, and walks values along them.

The models are generated from the published OpenAPI documents. Two generators are in use: one writes `_attribute_map` and
`_validation`, the other `rest_field` with type annotations; both name the known values of a text in the docstring.
"""

import collections
import datetime
import inspect
import re
import typing

KNOWN_VALUES = re.compile(r":ivar (\w+):((?:(?!:ivar|:vartype).)*?)Known\s+values\s+are:\s+(.*?)(?=:vartype)", re.S)


class Shape(typing.NamedTuple):
    """`kind` is object, list, map, or the name of a plain type; `inner` is what an object, list or map holds."""

    kind: str
    inner: object = None
    required: frozenset = frozenset()
    values: tuple = ()
    name: str = ""


def shape_of(model, cache={}):
    if model not in cache:
        cache[model] = None  # models refer to each other
        read = read_attribute_map if "_attribute_map" in vars(model) else read_annotations
        cache[model] = read(model)
    return cache[model]


def read_attribute_map(model):
    """Keys are paths: `properties.configuration`."""
    module = inspect.getmodule(model)
    values = known_values(model)
    tree = {}
    required = {name for name, rule in getattr(model, "_validation", {}).items() if rule.get("required")}
    for attribute, entry in model._attribute_map.items():
        *parents, key = re.split(r"(?<!\\)\.", entry["key"])
        level = tree
        for parent in parents:
            level = level.setdefault(parent, {})
        shape = lambda text=entry["type"], v=values.get(attribute, ()): from_text(module, text, v)  # noqa: E731
        level[key] = (shape, attribute in required and not parents)
    return from_tree(tree, model.__name__)


def from_tree(tree, name):
    members, required = {}, set()
    for key, entry in tree.items():
        if isinstance(entry, dict):
            members[key] = lambda entry=entry, key=key: from_tree(entry, f"{name}.{key}")
        else:
            members[key] = entry[0]
            if entry[1]:
                required.add(key)
    return Shape("object", members, frozenset(required), name=name)


def from_text(module, text, values):
    if text.startswith("["):
        return Shape("list", lambda: from_text(module, text[1:-1], values))
    if text.startswith("{"):
        return Shape("map", lambda: from_text(module, text[1:-1], values))
    model = getattr(module, text, None)
    return shape_of(model) if inspect.isclass(model) else Shape(text, values=values)


def read_annotations(model):
    module = inspect.getmodule(model)
    values = known_values(model)
    scope = {**vars(typing), **vars(module), "_models": module, "datetime": datetime}
    members, required = {}, set()
    for owner in reversed(model.__mro__):
        for attribute, annotation in vars(owner).get("__annotations__", {}).items():
            field = vars(owner).get(attribute)
            if not hasattr(field, "_rest_name_input"):
                continue
            key = field._rest_name_input or attribute
            hint = eval(annotation, scope) if isinstance(annotation, str) else annotation  # noqa: S307
            members[key] = lambda hint=hint, v=values.get(attribute, ()): from_hint(hint, v, scope)
            if type(None) not in typing.get_args(hint):
                required.add(key)
    return Shape("object", members, frozenset(required), name=model.__name__)


def from_hint(hint, values, scope):
    if isinstance(hint, typing.ForwardRef):
        hint = eval(hint.__forward_arg__, scope)  # noqa: S307
    if isinstance(hint, str):
        hint = eval(hint, scope)  # noqa: S307
    origin, arguments = typing.get_origin(hint), [item for item in typing.get_args(hint) if item is not type(None)]
    if origin is typing.Union:
        return Shape("str", values=values) if str in arguments else from_hint(arguments[0], values, scope)
    if origin is list:
        return Shape("list", lambda: from_hint(arguments[0], values, scope))
    if origin is dict:
        return Shape("map", lambda: from_hint(arguments[1], values, scope))
    if hint is datetime.datetime:
        return Shape("iso-8601")
    if getattr(hint, "_is_model", False):
        return shape_of(hint)
    return Shape(getattr(hint, "__name__", "object"), values=values)


def known_values(model):
    found = {}
    for owner in reversed(model.__mro__):
        for attribute, _, values in KNOWN_VALUES.findall(owner.__doc__ or ""):
            found[attribute] = tuple(re.findall(r'"([^"]+)"', values))
    return found


class Walk:
    """`problem(path, text)` is called for each thing that is wrong.

    `planted` are names that may be unknown. `undocumented` are values beyond the known ones that the service is known to
    give, by the last name of the path. ARM writes null for what was not set, so that is no problem where nothing is needed.
    Of a merge patch (`is_patch`) nothing is required, although the published model, which is that of the whole, says so.
    """

    PLAIN = {"str": str, "int": int, "bool": bool, "float": (int, float)}

    def __init__(self, planted, undocumented, problem, is_patch=False):
        self.is_patch = is_patch
        self.planted = planted
        self.undocumented = undocumented
        self.problem = problem
        self.seen_planted = collections.Counter()
        self.seen_undocumented = collections.Counter()

    def value(self, shape, value, path):
        if shape.kind == "object" and callable(getattr(shape.inner, "items", None)):
            self.members(shape, value, path)
        elif shape.kind == "list":
            self.items(shape, value, path, list)
        elif shape.kind == "map":
            self.items(shape, value, path, dict)
        elif shape.kind == "iso-8601":
            self.time(value, path)
        elif shape.kind in self.PLAIN:
            self.plain(shape, value, path)
        elif shape.kind != "object":
            self.problem(path, f"has the type {shape.kind}, which this referee does not know")

    def members(self, shape, value, path):
        if not isinstance(value, dict):
            return self.problem(path, f"is {value!r} and not an object")
        for name in () if self.is_patch else shape.required:
            if value.get(name) is None:
                self.problem(path, f"the required member {name} is missing")
        for name, member in value.items():
            if name in self.planted:
                self.seen_planted[name] += 1
            elif name not in shape.inner:
                self.problem(path, f"{shape.name} has no member {name}")
            elif member is not None:
                self.value(shape.inner[name](), member, f"{path}.{name}")

    def items(self, shape, value, path, kind):
        if not isinstance(value, kind):
            return self.problem(path, f"is {value!r} and not a {kind.__name__}")
        entries = value.items() if kind is dict else enumerate(value)
        for key, item in entries:
            if item is None:
                self.problem(f"{path}[{key}]", "is null")
            else:
                self.value(shape.inner(), item, f"{path}[{key}]")

    def time(self, value, path):
        try:
            datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
        except (AttributeError, ValueError):
            self.problem(path, f"is {value!r} and not a time")

    def plain(self, shape, value, path):
        expected = self.PLAIN[shape.kind]
        if not isinstance(value, expected) or (isinstance(value, bool) and shape.kind != "bool"):
            return self.problem(path, f"is {value!r} and not of the type {shape.kind}")
        if not shape.values or value.lower() in [known.lower() for known in shape.values]:
            return None
        if value in self.undocumented.get(path.split(".")[-1], ()):
            self.seen_undocumented[value] += 1
            return None
        return self.problem(path, f"{value!r} is not one of {', '.join(shape.values)}")
