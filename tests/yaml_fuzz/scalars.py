"""Scalars by chance, with and without quotes: whatever one reader of YAML takes for this and another one for that."""

from __future__ import annotations

import json
from random import Random

PLAIN = (
    *("y", "N", "yes", "No", "on", "OFF", "true", "False", "yES", "t", "~", "null", "Null", "nULL", "None", "nil"),
    *("0", "-0", "00", "1", "+1", "01", "08", "017", "-017", "0o17", "0O7", "0o8", "0x1F", "0X1f", "0xg", "-0x1F"),
    *("0b11", "-0b11", "+0b1", "0b12", "1_000", "_1", "1_", "0x_1", "1__0", "1e3", "1E3", "1e", "1e+3", "1.e3", "1."),
    *(".5", "-.5", "+.5", ".", "..", "...a", "1.5", "1.5.2", "1_0.5", ".5_0", "0.0", "-0.0", "1e03", "01e2", "1d3"),
    *("9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616"),
    *("-9223372036854775808", "-9223372036854775809", "+9223372036854775808", "123456789012345678901234567890"),
    *("1e20", "1e308", "1e309", "-1e999", "12345e678", "9e99999", "1234567e8", "0xFFFFFFFFFFFFFFFF"),
    *("0x1FFFFFFFFFFFFFFFF", "777777777777777777777777", "0777777777777777777777777", f"0b{'1' * 64}", f"0b{'1' * 65}"),
    *("12:30", "1:2:3", "190:20:30.15", "-1:30", "2020-01-01", "2020-01-01T00:00:00Z", "2020-01-01 10:00:00"),
    *("2001-12-14t21:59:43.10-05:00", "20200101", "2020-13-41", "=", "==", "a=b", "<<", "<", "<a", "1.2.3.4"),
    *(".inf", "-.inf", "+.INF", ".nan", ".NaN", ".Nan", "inf", "nan", "Infinity", "-.infx", "10Mi", "500m"),
    *("a:b", "a#b", "a b", "1 2", "$(X)", "${X}", "é", "☃", "a\u00a0b", "\U0001f600", "-a", "--", "?a", ":a"),
    *("x:", "a'b", 'a"b', "a%", "a&b", "a*b", "a\tb", "a \t b"),
)
"""Words that stand without quotes."""

_BROKEN_IN_FLOW = ("1,2", "a[b", "a}b", "a?b")
_BROKEN = (
    "-",
    "?",
    ":",
    "- a",
    ": a",
    "a: b",
    "@a",
    "`a",
    "!",
    "&",
    "*",
    "*none",
    "'a",
    '"a',
    "[",
    "]",
    "{",
    "}",
    ",",
    "1,2",
    "a[b",
    "a}b",
    "a?b",
)
_TAGS = ("str", "int", "float", "bool", "null", "binary", "timestamp", "map", "seq")
_ESCAPES = ("'", "e", "x41", "u00e9", "U0001F600", "\t", "N", "0", "_", "L", "a")
_BAD_ESCAPES = ("/", "U00110000", "q", "ud800", "x4")
_SIGNS = "ab1 \t:#-?,[]{}<>=.'\"!&*%@|~é\\\n\u2028\x85\x07"


def plain(chance: Random) -> str:
    """Return a scalar that readers take for different things."""
    if chance.random() < 0.6:
        return chance.choice(PLAIN)
    return chance.choice((_number, _number, _hash, _near_number))(chance)


def quoted(chance: Random) -> str:
    """Return any text, or what would be something else without quotes, in quotes."""
    kind = chance.randrange(5)
    if kind == 0:
        escapes = _BAD_ESCAPES if chance.random() < 0.1 else _ESCAPES
        return f'"a\\{chance.choice(escapes)}b"'
    text = chance.choice(PLAIN) if kind == 1 else _signs(chance, 8)
    if kind == 2:
        return "'" + "".join(sign for sign in text if sign.isprintable() or sign == "\t").replace("'", "''") + "'"
    # Of a character beyond 16 bits JSON makes two escapes, which kubectl refuses and we take on purpose.
    return json.dumps(text.replace("\U0001f600", ""), ensure_ascii=chance.random() < 0.5)


def broken(chance: Random) -> str:
    """Return what may be no scalar at all."""
    return chance.choice(_BROKEN + _BROKEN_IN_FLOW) if chance.random() < 0.5 else _signs(chance, 5)


def tag(chance: Random) -> str:
    """Return what may stand before a value."""
    return chance.choice(("!!{}", "!!{}", "!<tag:yaml.org,2002:{}>", "!{}", "!")).format(chance.choice(_TAGS))


def _number(chance: Random) -> str:
    sign, base = chance.choice(("", "", "+", "-")), chance.choice(("", "", "", "0x", "0o", "0b", "0"))
    text = sign + base + _digits(chance, "0123456789", 24 if chance.random() < 0.2 else 6)
    if chance.random() < 0.3:
        text += "." + _digits(chance, "0123456789_", 4)
    if chance.random() < 0.3:
        text += chance.choice("eE") + chance.choice(("", "+", "-")) + _digits(chance, "0123456789", 4)
    return text


def _hash(chance: Random) -> str:
    """Return what the beginning of a commit's id may look like."""
    return _digits(chance, "0123456789", 6) + "e" + _digits(chance, "0123456789", 4)


def _near_number(chance: Random) -> str:
    return chance.choice("0123456789.+-") + _digits(chance, "0123456789_.xXobBeEaf+-:", 8)


def _digits(chance: Random, signs: str, most: int) -> str:
    return "".join(chance.choice(signs) for _ in range(chance.randint(1, most)))


def _signs(chance: Random, most: int) -> str:
    return "".join(chance.choice(_SIGNS) for _ in range(chance.randint(0, most)))
