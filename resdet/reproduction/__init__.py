"""Tables of the paper about detection, measured and set beside its values."""
