#!/usr/bin/env bash
# Installs the solvers that the peers use into .venv beside this script, from PyPI, at fixed versions. Wants Python 3.9 or
# later with venv and pip.
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python3}
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
.venv/bin/python - <<'END'
import importlib.metadata as installed
print("peers:", ", ".join(f"{name} {installed.version(name)}" for name in ("ortools", "highspy", "pyscipopt")))
END
