"""Every evaluator that installs, on random cases, beside `--as` with its name."""
