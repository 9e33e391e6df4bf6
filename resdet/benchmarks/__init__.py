"""Measurements at full size of what the tests hold at a small one."""
