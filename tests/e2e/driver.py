"""Playwright's driver, one per process: a second one beside it is refused."""

import atexit
import functools

from playwright.sync_api import BrowserType, sync_playwright


@functools.cache
def chromium_type() -> BrowserType:
    """What starts Chromium; the driver ends with the process."""
    driver = sync_playwright().start()
    atexit.register(driver.stop)
    return driver.chromium
