"""
Conditions (条件): the small language in which steps, fields and materials say when they apply.

    not applicant.age < 18          track == "normal"          "智力" in dis_category
    applicant.by_proxy and not proxy.authorized                 kind in ["补领", "换领"]

Names, texts, numbers, `true`/`false`, lists; comparison, `in`, `not`, `and`, `or`, brackets.
Nothing is ever executed. A name nobody answers is unknown: no comparison with it holds, so write
`not applicant.age < 18` where an unknown age must not let anything be skipped.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

MAX_LENGTH = 300
MAX_DEPTH = 20

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>-?[0-9]+(?:\.[0-9]+)?)
      | (?P<text>"[^"]*"|'[^']*')
      | (?P<name>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)
      | (?P<sign>==|!=|<=|>=|<|>|\(|\)|\[|\]|,)
    )""",
    re.VERBOSE,
)
_WORDS = {"and", "or", "not", "in", "true", "false"}
_COMPARISONS = ("==", "!=", "<=", ">=", "<", ">", "in")


class ConditionError(ValueError):
    """The condition cannot be read; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Literal:
    value: object

    def value_in(self, facts: Mapping[str, object]) -> object:
        return self.value


@dataclass(frozen=True, slots=True)
class Name:
    path: str

    def value_in(self, facts: Mapping[str, object]) -> object:
        """Look the name up, flat (`"applicant.age"`) or nested (`{"applicant": {"age": …}}`)."""
        if self.path in facts:
            return facts[self.path]
        found: object = facts
        for part in self.path.split("."):
            if not isinstance(found, Mapping):
                return None
            found = found.get(part)
        return found


@dataclass(frozen=True, slots=True)
class Comparison:
    sign: str
    left: "Node"
    right: "Node"

    def value_in(self, facts: Mapping[str, object]) -> object:
        left, right = self.left.value_in(facts), self.right.value_in(facts)
        if left is None or right is None:
            return False
        return _compare(self.sign, left, right)


@dataclass(frozen=True, slots=True)
class Not:
    inner: "Node"

    def value_in(self, facts: Mapping[str, object]) -> object:
        return not self.inner.value_in(facts)


@dataclass(frozen=True, slots=True)
class Joined:
    together: Callable[[Iterable[object]], bool]
    parts: tuple["Node", ...]

    def value_in(self, facts: Mapping[str, object]) -> object:
        return self.together(part.value_in(facts) for part in self.parts)


Node = Literal | Name | Comparison | Not | Joined


def holds(condition: str, facts: Mapping[str, object]) -> bool:
    """
    Say whether `condition` holds; an empty one always does.

    :raises ConditionError: it cannot be read.
    """
    return bool(parsed(condition).value_in(facts)) if condition.strip() else True


def names_in(condition: str) -> frozenset[str]:
    """
    Return the names a condition asks for, such as `applicant.age`.

    :raises ConditionError: it cannot be read.
    """
    return frozenset(_names(parsed(condition))) if condition.strip() else frozenset()


@lru_cache(maxsize=1024)
def parsed(condition: str) -> Node:
    """Read a condition into its tree; kept, because every case of an item asks the same ones."""
    if len(condition) > MAX_LENGTH:
        raise ConditionError(f"条件过长, 最多{MAX_LENGTH}个字符, 请拆分")
    reader = _Reader(_tokens(condition))
    node = reader.either()
    if reader.rest:
        raise ConditionError(f"条件在“{reader.rest[0]}”处多出内容, 请检查括号和连接词")
    return node


def _tokens(condition: str) -> list[str]:
    tokens, at = [], 0
    while condition[at:].strip():
        found = _TOKEN.match(condition, at)
        if found is None:
            raise ConditionError(f"条件第{at + 1}个字符无法识别, 只能用名称、文字、数字和比较")
        tokens.append(found[0].strip())
        at = found.end()
    return tokens


class _Reader:
    """Reads tokens by the grammar, one method for each strength of binding."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.rest = list(tokens)
        self.depth = 0

    def either(self) -> Node:
        parts = [self.both()]
        while self._took("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Joined(any, tuple(parts))

    def both(self) -> Node:
        parts = [self.negated()]
        while self._took("and"):
            parts.append(self.negated())
        return parts[0] if len(parts) == 1 else Joined(all, tuple(parts))

    def negated(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ConditionError("条件嵌套过深, 请简化")
        node = Not(self.negated()) if self._took("not") else self.compared()
        self.depth -= 1
        return node

    def compared(self) -> Node:
        left = self.operand()
        for sign in _COMPARISONS:
            if self._took(sign):
                return Comparison(sign, left, self.operand())
        if self.rest[:2] == ["not", "in"]:
            del self.rest[:2]
            return Not(Comparison("in", left, self.operand()))
        return left

    def operand(self) -> Node:
        token = self._next()
        if token == "(":
            node = self.either()
            self._need(")")
            return node
        if token == "[":
            return Literal(self._list())
        return _atom(token)

    def _list(self) -> tuple[object, ...]:
        values: list[object] = []
        while True:
            atom = _atom(self._next())
            if not isinstance(atom, Literal):
                raise ConditionError("列表中只能写文字或数字")
            values.append(atom.value)
            if not self._took(","):
                self._need("]")
                return tuple(values)

    def _took(self, token: str) -> bool:
        if self.rest and self.rest[0] == token:
            self.rest.pop(0)
            return True
        return False

    def _next(self) -> str:
        if not self.rest:
            raise ConditionError("条件没有写完")
        return self.rest.pop(0)

    def _need(self, token: str) -> None:
        if not self._took(token):
            raise ConditionError(f"条件缺少“{token}”")


def _atom(token: str) -> Literal | Name:
    if token[0] in "\"'":
        return Literal(token[1:-1])
    if token in ("true", "false"):
        return Literal(token == "true")
    if token[0].isdigit() or token[0] == "-":
        return Literal(float(token) if "." in token else int(token))
    if token in _WORDS or not token[0].isalpha():
        raise ConditionError(f"条件在“{token}”处不完整, 请检查前后内容")
    return Name(token)


def _compare(sign: str, left: object, right: object) -> bool:
    if sign == "in":
        return isinstance(right, str | Sequence | frozenset | set) and _contains(right, left)
    if sign in ("==", "!="):
        return (left == right) is (sign == "==")
    if isinstance(left, str) != isinstance(right, str):
        return False
    try:
        smaller, equal = bool(left < right), left == right  # type: ignore[operator]
    except TypeError:
        return False
    return {"<": smaller, "<=": smaller or equal, ">": not smaller and not equal}.get(
        sign, not smaller
    )


def _contains(holder: object, value: object) -> bool:
    try:
        found = bool(value in holder)  # type: ignore[operator]
    except TypeError:
        return False
    return found


def _names(node: Node) -> set[str]:
    match node:
        case Name(path):
            return {path}
        case Not(inner):
            return _names(inner)
        case Comparison(_, left, right):
            return _names(left) | _names(right)
        case Joined(_, parts):
            return set().union(*map(_names, parts))
        case _:
            return set()
