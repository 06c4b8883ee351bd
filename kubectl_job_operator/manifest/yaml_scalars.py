"""What kubectl takes a plain word of YAML for: ``1e3`` is a number, ``y`` is true, a date and ``12:30`` are strings."""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct

_TAG = "tag:yaml.org,2002:"
STR = f"{_TAG}str"
MERGE = f"{_TAG}merge"
_NULL, _BOOL, _INT, _FLOAT, _BINARY = (f"{_TAG}{name}" for name in ("null", "bool", "int", "float", "binary"))
_TIMESTAMP = f"{_TAG}timestamp"

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NOT_FINITE = {
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_WHOLE = re.compile(r"[-+]?(?:0[bB][01]+|0[oO]?[0-7]+|0[xX][0-9a-fA-F]+|0|[1-9][0-9]*)")
_FRACTION = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_AFTER_POINT = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
_BASES = {"0x": 16, "0o": 8, "0b": 2}
_LEAST, _MOST_SIGNED, _MOST = -(2**63), 2**63 - 1, 2**64 - 1

Scalar = str | int | float | bool | None


def plain(text: str) -> Scalar:
    """Return the value of a scalar without quotes."""
    if text in _WORDS:
        return _WORDS[text]
    if text in _NOT_FINITE:
        return _NOT_FINITE[text]
    if text[0] not in "+-.0123456789":
        return text
    if text[0] == "." and not _AFTER_POINT.fullmatch(text):
        return text
    number = text.replace("_", "")
    whole = _whole(number)
    if whole is not None:
        return whole
    if _FRACTION.fullmatch(number):
        value = float(number)
        # The commit 12345e678 is no number that a computer has.
        return text if _is_too_large(value) else value
    return text


def tag_of(text: str) -> str:
    """Return the tag of a scalar without quotes and without one of its own."""
    return MERGE if text == "<<" else _tag_of_value(plain(text))


def tagged(tag: str, text: str) -> Scalar:
    """Return the value of a scalar with this tag.

    :raises ValueError: if it is none of that kind, as the end of a sentence.
    """
    if tag == _BINARY:
        return _decoded(text)
    if tag not in (_NULL, _BOOL, _INT, _FLOAT):
        # A date is a string to kubectl, and so is what has a tag that it does not know.
        if tag == _TIMESTAMP and not re.match(r"[0-9]{4}-", text):
            raise ValueError(f"{text!r} is no date")
        return text
    value = plain(text)
    if tag == _FLOAT and isinstance(value, int) and not isinstance(value, bool) and value <= _MOST_SIGNED:
        return float(value)
    if _tag_of_value(value) != tag:
        raise ValueError(f"{text!r} is no {tag.removeprefix(_TAG)}")
    return value


def fits(number: int) -> bool:
    """Whether a whole number is one to kubectl; a larger one is a float."""
    return _LEAST <= number <= _MOST


def key_text(value: Scalar) -> str:
    """Return what kubectl makes of a key that is no string.

    :raises ValueError: if it takes none of this kind, as the end of a sentence.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or (isinstance(value, int) and value > _MOST_SIGNED):
        raise ValueError(f"a key must not be {'empty or null' if value is None else 'so large a number'}")
    return _short(value) if isinstance(value, float) else str(value)


def _whole(number: str) -> int | None:
    if not _WHOLE.fullmatch(number):
        return None
    digits = number.lstrip("+-").lower()
    value = int(number, _BASES.get(digits[:2], 8 if digits[0] == "0" else 10))
    # With a sign there is no room beyond 63 bits.
    return value if _LEAST <= value <= (_MOST_SIGNED if number[0] in "+-" else _MOST) else None


def _is_too_large(value: float) -> bool:
    return math.isinf(value)


def _tag_of_value(value: Scalar) -> str:
    if value is None:
        return _NULL
    return {bool: _BOOL, int: _INT, float: _FLOAT, str: STR}[type(value)]


def _decoded(text: str) -> str:
    try:
        decoded = base64.b64decode("".join(text.splitlines()), validate=True).decode(errors="surrogateescape")
        # As Go does, a sign for each byte that is no part of a character.
        return re.sub("[\udc80-\udcff]", "\ufffd", decoded)
    except (binascii.Error, ValueError):
        raise ValueError("it is marked as !!binary, but is no base64") from None


def _short(value: float) -> str:
    """Write a float as Go does: the fewest digits that tell it from other floats of 32 bits."""
    if not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    try:
        single = struct.pack("f", value)
    except OverflowError:
        return ".inf" if value > 0 else "-.inf"
    for digits in range(9):
        text = f"{value:.{digits}e}"
        if struct.pack("f", float(text)) == single:
            break
    mantissa, exponent = text.split("e")
    if -5 < int(exponent) < 6:  # noqa: PLR2004 - the bounds of Go's short form
        return f"{float(text):.{max(0, digits - int(exponent))}f}"
    return f"{mantissa}e{int(exponent):+03d}"
