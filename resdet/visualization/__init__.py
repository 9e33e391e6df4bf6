"""Pictures: boxes on images, videos, learning curves. NumPy and OpenCV only, plus matplotlib."""
