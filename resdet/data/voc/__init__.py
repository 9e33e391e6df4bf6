"""VOC's form: found, read, checked, mended, written."""
