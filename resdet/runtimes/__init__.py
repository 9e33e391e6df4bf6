"""What runs a detector's network: torch, or another runtime on the CPU, from the same weights."""
