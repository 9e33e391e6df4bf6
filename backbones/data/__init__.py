"""Images for classification: where they lie, how they are cut, how batches are made of them."""
