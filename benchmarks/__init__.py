"""Benchmarks (压测): how fast the city is with a million cases, and what limits it."""
