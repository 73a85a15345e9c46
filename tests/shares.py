"""How several processes share the tests: each goes to whoever is free, but those that mostly wait go to one process together.

(pytest-xdist 3.8 writes the group of a mark into a name that pytest 9.2 does not read: its marks of groups do nothing.)
"""

from xdist.scheduler import LoadScopeScheduling

# Processes end and begin again there, one test needs what the one before it left, and two at once would wait side by side.
WAITING = (
    "tests/platform/test_portal_run.py",
    "tests/platform/test_jobs_survive.py",
    "tests/platform/test_health_outage.py",
)


class WaitingTogether(LoadScopeScheduling):  # type: ignore[misc] # it has no types
    """The tests of those modules are one piece of work, the largest and so the first; every other test is one by itself."""

    def _split_scope(self, nodeid: str) -> str:
        return "waiting" if nodeid.startswith(WAITING) else nodeid
