"""Engines build a detector, compute its losses and run it; all else is shared.

An engine is a module or an object with the functions of `resdet.engines.protocol`. An author of one
imports `protocol` and `samples`, never another engine.
"""

from resdet.engines.registry import available, choose, load, register_engine

__all__ = ["available", "choose", "load", "register_engine"]
