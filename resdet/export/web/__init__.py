"""A folder that detects in the browser: the model, onnxruntime-web and one page."""
