"""The other door: takes queued processings and carries each through its steps, durably."""
