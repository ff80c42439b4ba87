"""Console tables."""
