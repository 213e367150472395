"""Runs our settings in a process of their own, with exactly the variables that a test names."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Whoever runs the suite may have a file .env: these tests speak about the variables they name and no others.
WITHOUT_DOTENV = "import environ; environ.Env.read_env = lambda *args, **kwargs: None\n"
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


def run_python(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter at the root of the project."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_DOTENV + code],
        cwd=ROOT,
        env=passed_on | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def read_settings(*names: str, module: str = "base", **variables: str) -> dict[str, Any]:
    """Return settings as a process with these variables sees them; what is not JSON as its text."""
    code = (
        f"import json; from config.settings import {module} as s\n"
        f"print(json.dumps({{name: getattr(s, name) for name in {names!r}}}, default=str))"
    )
    result = run_python(code, **variables)
    assert result.returncode == 0, result.stderr
    settings: dict[str, Any] = json.loads(result.stdout)
    return settings
