"""The systems that the tables of the paper compare with, but for VGG."""
