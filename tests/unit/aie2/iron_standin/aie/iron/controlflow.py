"""A loop on the core; here it runs."""
range_ = range
