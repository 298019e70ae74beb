#!/usr/bin/env bash
# Installs the solvers that the peers use into .venv beside this script, from PyPI, at fixed versions. Wants Python 3.9 or
# later with venv and pip; Rebalancer wants 3.12 and is left out before.
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python3}
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
.venv/bin/python - <<'END'
import importlib.metadata as installed
present = {package.metadata["Name"].lower(): package.version for package in installed.distributions()}
wanted = ("ortools", "highspy", "pyscipopt", "scipy", "rebalancer")
print("peers:", ", ".join(f"{name} {present.get(name, 'left out: it wants a newer Python')}" for name in wanted))
END
