"""Pictures: boxes on images, videos. NumPy and OpenCV only."""
