"""Where a Chromium is; `python -m tests.browser.chromium` says it, or how to get one."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HINT = (
    "没有找到 Chromium，浏览器测试将跳过。安装：sudo apt-get install chromium fonts-noto-cjk，"
    "或 .venv/bin/playwright install chromium；也可用环境变量 GUIKOU_CHROMIUM 指明程序。"
)


def find() -> str | None:
    """The program: `GUIKOU_CHROMIUM`, one on the path, or the one Playwright has downloaded; None without."""
    if named := os.environ.get("GUIKOU_CHROMIUM"):
        return named if Path(named).is_file() else None
    for name in NAMES:
        if program := shutil.which(name):
            return program
    return _downloaded()


def _downloaded() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


if __name__ == "__main__":
    program = find()
    sys.stderr.write((f"浏览器测试使用：{program}" if program else HINT) + "\n")
    raise SystemExit(program is None)
