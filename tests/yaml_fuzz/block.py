"""Writes the values of one document, line by line, as people and programs do, and as they should not."""

from __future__ import annotations

from random import Random
from typing import TypeVar

from kubectl_job_operator.manifest import yaml_scalars
from tests.yaml_fuzz import scalars

_Choice = TypeVar("_Choice")

_DEPTH = 3
_AFTER_COLON = (" ",) * 8 + ("  ", "\t", " \t", "\t ")
_AFTER_DASH = (" ",) * 80 + ("  ",) * 6 + ("\t", " \t")
_ENDS = ("",) * 14 + (" ", "\t", " # c", "\t# c", " \t#c", "  # a: b", "#c")
_BETWEEN = ("", "  ", "# c", "    # c: d") * 20 + ("\t", "\t# c", "  \t# c")
_IN_FLOW = ("", "", "", " ", "\t", " \t", "\n    ", " # c\n    ") * 3 + ("\n    \t", "\n\t", "\n")
_COLONS = (": ",) * 12 + (":", ":\t", ":\t", " : ", " :\t")
_HEADERS = ("|", "|", ">", ">", "|-", ">-", "|+", ">+", "|2", ">1-", "|-1") * 3 + ("|0", "|x")
_LINES = ("a", "  b", "", "# d", "- e", "f: g", " ", "h \t", "{{", "---", "i") * 4 + ("\tc", "  \t")
_SECOND_LINES = ("b", "b", "\tb", "b c", "# c", "", "1", "- b", "b\t# c") * 2 + ("b: c",)
_KEYS = ("a", "b", "c", "d", "e", "name", "x-y")
_ODD_KEYS = (
    "12",
    "0x1F",
    "1.5",
    "1e20",
    "true",
    "y",
    "no",
    "08",
    "2020-01-01",
    "12:30",
    "'1'",
    '"y"',
    "é",
    "''",
    "'<<'",
)
_BAD_KEYS = ("~", "[a]", "{a: b}", ".inf", "18446744073709551615", "'a", "")
_MERGES = ("<<", "<<", "<<", "<<", "!!merge <<")


class Writer:
    """Writes one document's values.

    :param chance: where every choice comes from.
    """

    def __init__(self, chance: Random) -> None:
        self.may_have_twice = False
        self._chance = chance
        self._anchors: dict[str, bool] = {}  # with whether each is a mapping

    def entries(self, indent: int, depth: int = 0) -> list[str]:
        """Write the lines of a mapping's entries or of a list's items."""
        is_list = self._once_in(3)
        lines: list[str] = []
        seen: list[str] = []
        for _ in range(self._chance.randint(1, 4)):
            if self._once_in(8):
                lines.append(self._one_of(_BETWEEN))
            merge = None if is_list else self._merge()
            if merge:
                lines.append(" " * indent + merge + self._one_of(_ENDS))
            elif is_list:
                lines += self._item(indent, depth)
            else:
                key = self._key(seen)
                start = f"{' ' * indent}? {key}\n{' ' * indent}:" if self._once_in(30) else f"{' ' * indent}{key}:"
                lines += self._value(start + self._one_of(_AFTER_COLON), indent, depth)
        return lines

    def flow(self, depth: int = 0) -> str:
        """Write a value, in brackets or plain, on one line or several."""
        kind = self._chance.randrange(6) if depth < _DEPTH else 5
        if kind <= 1:
            return self._bracketed("[]", [self.flow(depth + 1) for _ in range(self._chance.randrange(4))])
        if kind <= 3:
            seen: list[str] = []
            parts = [
                self._merge() or self._key(seen) + self._one_of(_COLONS) + self.flow(depth + 1)
                for _ in range(self._chance.randrange(4))
            ]
            return self._bracketed("{}", parts)
        return self._scalar()

    def _bracketed(self, brackets: str, parts: list[str]) -> str:
        blank = self._one_of(_IN_FLOW)
        inside = blank + f",{blank or ' '}".join(parts) + ("," if parts and self._once_in(8) else "")
        text = brackets[0] + inside + self._one_of(_IN_FLOW) + brackets[1]
        return self._anchored(text, is_map=brackets == "{}") if self._once_in(4) else text

    def _item(self, indent: int, depth: int) -> list[str]:
        if depth < _DEPTH and self._once_in(3):
            first, *rest = self.entries(indent + 2, depth + 1)
            if first.startswith(" " * (indent + 2)):
                return [f"{' ' * indent}- {first[indent + 2 :]}", *rest]
        return self._value(" " * indent + "-" + self._one_of(_AFTER_DASH), indent, depth)

    def _value(self, start: str, indent: int, depth: int) -> list[str]:
        """Write what follows a key or a dash."""
        kind = self._chance.randrange(10)
        if kind <= 2 and depth < _DEPTH:
            lines = self.entries(indent + self._one_of((2, 2, 2, 4, 1)), depth + 1)
            anchor = ""
            if self._once_in(3):
                anchor = f"&{self._new_anchor(is_map=not lines[-1].lstrip().startswith('-'))}"
            return [start + anchor + self._one_of(_ENDS), *lines]
        if kind <= 4:
            return [start + self.flow(depth) + self._one_of(_ENDS)]
        if kind == 5:
            body = [self._one_of(_LINES) for _ in range(self._chance.randrange(5))]
            indented = [" " * (indent + 2) + line if line else "" for line in body]
            return [start + self._one_of(_HEADERS) + self._one_of(_ENDS), *indented]
        more = [" " * (indent + 2) + self._one_of(_SECOND_LINES)] if self._once_in(12) else []
        return [start + self._scalar() + self._one_of(_ENDS), *more]

    def _scalar(self) -> str:
        kind = self._chance.randrange(40)
        if kind == 0:
            return ""
        if kind == 2 and self._once_in(2):
            self.may_have_twice = True
            return scalars.broken(self._chance)
        if kind <= 5 and self._anchors:
            return "*" + self._one_of(tuple(sorted(self._anchors)))
        text = scalars.quoted(self._chance) if kind <= 15 else scalars.plain(self._chance)
        if self._once_in(12):
            text = scalars.tag(self._chance) + self._one_of(_AFTER_COLON) + text
        return self._anchored(text, is_map=False) if self._once_in(12) else text

    def _anchored(self, text: str, *, is_map: bool) -> str:
        return f"&{self._new_anchor(is_map=is_map)}{self._one_of(_AFTER_COLON)}{text}"

    def _new_anchor(self, *, is_map: bool) -> str:
        name = self._one_of(("m", "n", "o"))
        self._anchors[name] = is_map
        return name

    def _merge(self) -> str | None:
        """Write a merge of what has an anchor, mostly of mappings; ``None`` mostly."""
        maps = [name for name, is_map in sorted(self._anchors.items()) if is_map or self._once_in(9)]
        if not maps or not self._once_in(3):
            return None
        names = [f"*{self._chance.choice(maps)}" for _ in range(self._chance.randint(1, 2))]
        value = f"[{', '.join(names)}]" if len(names) > 1 or self._once_in(3) else names[0]
        return f"{self._one_of(_MERGES)}: {value}"

    def _key(self, seen: list[str]) -> str:
        """Choose a key that is not there yet, or on purpose one that is."""
        if seen and self._once_in(60):
            self.may_have_twice = True
            return self._chance.choice(seen)
        if self._once_in(60):
            return self._one_of(_BAD_KEYS)
        key = self._one_of(_ODD_KEYS if self._once_in(6) else _KEYS)
        while _as_read(key) in map(_as_read, seen):
            key = self._one_of(_KEYS) + str(len(seen)) + self._one_of(_KEYS)
        seen.append(key)
        return key

    def _once_in(self, times: int) -> bool:
        return self._chance.randrange(times) == 0

    def _one_of(self, choices: tuple[_Choice, ...]) -> _Choice:
        return self._chance.choice(choices)


def _as_read(key: str) -> str:
    return key[1:-1] if key[0] in "'\"" else yaml_scalars.key_text(yaml_scalars.plain(key))
