"""How well a network classifies."""
