"""Files of pictures, whatever they show: heads, decoding and encoding, checks, copies, workers."""
