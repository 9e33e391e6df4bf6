"""A detector's network in int8, by NNCF, and what that costs it."""
