"""A local Zoom."""
