"""Runs all scenarios; tests/interop/run sets the environment that they need."""

import sys

from . import auth, keysets, locks, melting, money, notices, replay, ring  # noqa: F401 (each registers its scenarios)
from .suite import run_scenarios

sys.exit(run_scenarios())
