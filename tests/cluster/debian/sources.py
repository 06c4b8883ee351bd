"""Source packages from wherever this machine takes its binary packages: apt's own lists, turned into `deb-src`."""

import re
from pathlib import Path

ONE_LINE = re.compile(r"deb(?:-src)?\s+(?:\[(?P<options>[^]]*)]\s+)?(?P<rest>\S.*)")


def sources_from_list(text: str) -> str:
    """Turn one-line sources (`deb [options] uri suite component...`) into the same for source packages."""
    lines: list[str] = []
    for line in text.splitlines():
        entry = ONE_LINE.fullmatch(line.split("#", 1)[0].strip())
        if not entry:
            continue
        # Source packages have no architecture, and apt refuses the option on some versions.
        options = [word for word in (entry["options"] or "").split() if not word.startswith("arch")]
        bracket = f"[{' '.join(options)}] " if options else ""
        source = f"deb-src {bracket}{entry['rest'].strip()}"
        if source not in lines:
            lines.append(source)
    return "".join(f"{line}\n" for line in lines)


def sources_from_stanzas(text: str) -> str:
    """Turn deb822 stanzas (`Types:`, `URIs:`, `Suites:`, ...) into the same for source packages."""
    stanzas = (_source_stanza(stanza) for stanza in re.split(r"\n[ \t]*\n", text))
    return "\n".join(stanza for stanza in stanzas if stanza)


def _source_stanza(stanza: str) -> str:
    """Return one stanza for source packages, or nothing where it is empty or switched off."""
    fields: list[tuple[str, str]] = []
    for line in stanza.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line[0] in " \t" and fields:
            # A continued value, such as a key written into the file.
            name, value = fields[-1]
            fields[-1] = (name, f"{value}\n{line}")
        else:
            name, _, value = line.partition(":")
            fields.append((name.strip(), value.strip()))
    values = {name.lower(): value for name, value in fields}
    if "uris" not in values or values.get("enabled", "yes").lower() in ("no", "false"):
        return ""
    kept = [(name, value) for name, value in fields if name.lower() not in ("types", "architectures", "enabled")]
    return "Types: deb-src\n" + "".join(f"{name}: {value}\n" for name, value in kept)


def write_source_lists(apt_folder: Path, target: Path) -> None:
    """Write the `deb-src` counterpart of every list in apt's folder into a folder of our own."""
    target.mkdir(parents=True, exist_ok=True)
    lists = [apt_folder / "sources.list", *sorted((apt_folder / "sources.list.d").glob("*.list"))]
    for path in lists:
        if path.is_file():
            (target / path.with_suffix(".list").name).write_text(sources_from_list(path.read_text()))
    for path in sorted((apt_folder / "sources.list.d").glob("*.sources")):
        (target / path.name).write_text(sources_from_stanzas(path.read_text()))
