"""What Momentum does, one step a file; steps never import one another."""
