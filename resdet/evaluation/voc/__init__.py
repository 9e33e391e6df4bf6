"""VOC's average precision: matching, scores, comp4, the server's archive."""
