"""The extras of testing, for which no training is needed."""
