"""Emotion Lens: facial expression recognition for photos and live video.

The library behind the dashboard and the command line. It never imports Streamlit.
"""

__version__ = "0.2.0"
