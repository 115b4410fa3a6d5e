"""All of it, one after another, each in a process of its own: `make bench`, or `make bench ARGS="chain wide"`."""

from __future__ import annotations

import subprocess
import sys

ALL = ("chain", "gate", "sandbox", "wide", "waiting", "resume", "start_up")

if __name__ == "__main__":
    chosen = sys.argv[1:] or ALL
    unknown = [name for name in chosen if name not in ALL]
    if unknown:
        sys.exit(f"there is no benchmark `{unknown[0]}`; there are {', '.join(ALL)}")
    codes = [subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode for name in chosen]
    sys.exit(max(codes))
