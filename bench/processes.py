"""What a process and its children take: memory and processor time, as Linux counts them."""

from __future__ import annotations

import os
from pathlib import Path

MEGABYTE = 10**6


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (stat := _read(folder / "stat")):
            parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def memory(*pids: int) -> float:
    """Megabytes of these processes and their children, pages they share with others counted in proportion (PSS)."""
    return sum(_pss(one) for pid in pids for one in family(pid)) / MEGABYTE


def processor_seconds(pid: int) -> float:
    """Seconds of processor time the process has taken, in user and kernel mode."""
    user, system = (_read(Path(f"/proc/{pid}/stat")) or "").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _pss(pid: int) -> int:
    lines = (_read(Path(f"/proc/{pid}/smaps_rollup")) or "").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:  # it has just ended
        return None
