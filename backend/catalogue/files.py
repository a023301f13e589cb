"""
Files of items (事项文件): YAML in, plain data and the line of everything in it out.

Only what a definition needs of YAML is read: no anchors, no tags, no dates, no repeated keys.
`- use: name` in a list takes the entries of that name from the shared parts in its place; the
`use` line then stands for their lines.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, ClassVar

import yaml

from backend.catalogue.definition import Fault, Lines
from backend.catalogue.definition.shapes import Path

SHARED = "_shared.yaml"
MOST_BYTES = 256 * 1024
MOST_DEPTH = 12
SHARED_PARTS = ("form", "materials", "columns")

Shared = Mapping[str, Mapping[str, list[Any]]]


class Unreadable(ValueError):
    """The file cannot be read at all; `fault` says where and why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(frozen=True, slots=True)
class ItemFile:
    """One file as read: its name, its content with shared parts in place, and the lines."""

    name: str
    data: Any
    lines: Lines


_CORE = "tag:yaml.org,2002:"
_TAGS = ("map", "seq", "str", "int", "float", "bool", "null")
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """YAML without the surprises: `no`, `010`, `1:30` and `2026-01-01` are texts."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("int", r"-?(?:0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?[0-9]+\.[0-9]+", "-0123456789"),
    ("null", r"null|~|", ["n", "~", ""]),
):
    _Loader.add_implicit_resolver(_CORE + _tag, re.compile(f"(?:{_pattern})$"), list(_first))


def read_items(folder: FilePath) -> Iterator[ItemFile]:
    """
    Read every item file of a folder, in the order of their names.

    :raises Unreadable: on the first file that is no YAML of ours.
    """
    shared = read_shared(folder / SHARED)
    for path in sorted(folder.glob("*.yaml")):
        if path.name != SHARED:
            yield read(path.name, path.read_bytes(), shared)


def read_shared(path: FilePath) -> Shared:
    """
    Read the parts items share: `form`, `materials` and `columns`, each name → list of entries.

    :raises Unreadable: it is no YAML of ours, or has another shape.
    """
    if not path.exists():
        return {}
    data = read(path.name, path.read_bytes(), {}).data
    named = isinstance(data, dict) and data.keys() <= set(SHARED_PARTS)
    if not named or not all(
        isinstance(part, dict) and all(isinstance(entries, list) for entries in part.values())
        for part in data.values()
    ):
        reason = "应只有 form、materials、columns, 各自为“名称: 列表”"
        raise Unreadable(Fault(path="(整个文件)", reason=reason, line=1, file=path.name))
    shared: Shared = data
    return shared


def read(name: str, content: bytes, shared: Shared, *, most: int = MOST_BYTES) -> ItemFile:
    """
    Read one file of at most `most` bytes.

    :raises Unreadable: too large, no UTF-8, no YAML, or YAML that has no place here.
    """
    if len(content) > most:
        raise _unreadable(name, 1, f"文件超过{most // 1024}KB")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _unreadable(name, line, "不是UTF-8编码, 请另存为UTF-8") from None
    lines: dict[Path, int] = {}
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        data = None if root is None else _Walk(loader, name, shared, lines).value(root, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = f"不是有效的YAML: {error.problem or error.context}"
        raise _unreadable(name, mark.line + 1 if mark else 1, reason) from None
    except yaml.YAMLError:
        raise _unreadable(name, 1, "含有YAML不允许的字符") from None
    finally:
        loader.dispose()
    return ItemFile(name, data, lines)


def _unreadable(name: str, line: int, reason: str) -> Unreadable:
    return Unreadable(Fault(path="(整个文件)", reason=reason, line=line, file=name))


class _Walk:
    """Turns nodes into plain data, and notes on which line each thing stands."""

    def __init__(self, loader: Any, name: str, shared: Shared, lines: dict[Path, int]) -> None:
        self.loader, self.name, self.shared, self.lines = loader, name, shared, lines
        self.seen: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self.seen:
            line = self.lines[path]  # the node's own mark is where the anchor stands
            raise _unreadable(self.name, line, "不支持锚点与引用, 请把内容写全")
        self.seen.add(id(node))
        if len(path) > MOST_DEPTH:
            raise self._wrong(node, "嵌套过深")
        if node.tag.removeprefix(_CORE) not in _TAGS:
            raise self._wrong(node, f"不支持标签 {node.tag}")
        if isinstance(node, yaml.SequenceNode):
            return self._list(node, path)
        if isinstance(node, yaml.MappingNode):
            return self._map(node, path)
        return self.loader.construct_object(node)

    def _list(self, node: yaml.SequenceNode, path: Path) -> list[Any]:
        made: list[Any] = []
        for child in node.value:
            place = (*path, len(made))
            value = self.value(child, place)
            if not isinstance(value, dict) or value.keys() != {"use"}:
                made.append(value)
                continue
            del self.lines[(*place, "use")]
            for entry in self._shared(child, path, value["use"]):
                self.lines[(*path, len(made))] = child.start_mark.line + 1
                made.append(entry)
        return made

    def _map(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key_node, child in node.value:
            key = self.loader.construct_object(key_node)
            if not isinstance(key, str):
                raise self._wrong(key_node, "名称应为文字, 请加引号")
            if key in made:
                raise self._wrong(key_node, f"{key} 写了两次")
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            made[key] = self.value(child, (*path, key))
        return made

    def _shared(self, node: yaml.Node, path: Path, name: object) -> list[Any]:
        part = self.shared.get(str(path[-1]) if path else "", {})
        if not isinstance(name, str) or name not in part:
            raise self._wrong(node, f"没有名为 {name} 的共用部分")
        return part[name]

    def _wrong(self, node: yaml.Node, reason: str) -> Unreadable:
        return _unreadable(self.name, node.start_mark.line + 1, reason)
