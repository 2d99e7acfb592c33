"""What can be measured of a meeting without a model."""
