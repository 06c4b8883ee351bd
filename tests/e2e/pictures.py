"""Pictures of the UI for the example's README: `python -m tests.e2e.pictures ADDRESS PASSWORDS FOLDER`.

Runs beside `make e2e`, once its fan-out is done. It needs what the project itself does not: Debian's ``chromium``, and
``playwright`` from PyPI.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.e2e.api import Api

_SIZE = {"width": 1400, "height": 860}
_PATIENCE_MILLISECONDS = 120_000


def main(address: str, passwords: Path, folder: Path) -> None:
    """Take a picture of a run of the fan-out, and one of the log of a countdown."""
    from playwright.sync_api import sync_playwright

    password = json.loads(passwords.read_text())["admin"]
    api = Api(address, password)
    fan_out, countdown = api.last_success("fan_out"), api.last_success("countdown")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport=_SIZE)
        page.set_default_timeout(_PATIENCE_MILLISECONDS)
        page.goto(f"{address}/auth/login")
        page.fill("input[name=username]", "admin")
        page.fill("input[name=password]", password)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "login" not in url)
        _take(page, f"{address}/dags/fan_out/runs/{fan_out}", "square", folder / "run.png")
        _take(page, f"{address}/dags/countdown/runs/{countdown}/tasks/countdown", "Post Execute", folder / "log.png")
        browser.close()


def _take(page: Any, url: str, text: str, file: Path) -> None:
    """Take a picture once the text is on the page."""
    page.goto(url)
    page.get_by_text(text).first.wait_for()
    # What else is on the page comes a little later.
    time.sleep(5)
    page.screenshot(path=file)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
