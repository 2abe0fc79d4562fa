"""Least squares by noisy sums of products: one integer vector is noised, everything else is computed from it."""
