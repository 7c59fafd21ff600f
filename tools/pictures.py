"""Take the pictures of the page in docs/images: `.venv/bin/python -m tools.pictures ADDRESS [NAME…]`.

ADDRESS is what `harmony demo` or `harmony dashboard` names; NAMEs are those of PICTURES. For `dashboard-stalled`
stop a stage of the demo a good minute before (`kill -STOP`), and let it go on afterwards (`kill -CONT`).
"""

import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.support.browser import open_browser

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
WIDE = {"width": 1440, "height": 1000}
PICTURES: dict[str, dict[str, Any]] = {
    "dashboard": {"viewport": WIDE, "color_scheme": "light"},
    "dashboard-dark": {"viewport": WIDE, "color_scheme": "dark"},
    "dashboard-phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "is_mobile": True},
    "dashboard-stalled": {"viewport": WIDE, "color_scheme": "light"},
}
# Long enough for the first looks at topics and tables, and for rates.
SETTLE_MS = 8_000


def take(browser: Browser, address: str, name: str) -> None:
    """Visit the page once and keep the whole of it."""
    with browser.new_context(**PICTURES[name]) as context:
        page = context.new_page()
        page.goto(address)
        page.locator(".chart svg text").first.wait_for(state="attached")
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=IMAGES / f"{name}.png", full_page=True)


if __name__ == "__main__":
    address, *names = sys.argv[1:]
    with open_browser() as browser:
        for name in names or [name for name in PICTURES if name != "dashboard-stalled"]:
            take(browser, address, name)
