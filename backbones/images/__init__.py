"""Files of pictures, whatever they show: heads, decoding, checks, copies."""
