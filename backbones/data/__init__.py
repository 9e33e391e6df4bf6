"""Images for classification: folders, transforms, batches."""
