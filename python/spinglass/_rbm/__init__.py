"""What stands behind the estimators of `spinglass.rbm`, one idea a file."""
