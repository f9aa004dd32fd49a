"""The HTTP interface: what the command line does, for programs on other machines.

A FastAPI application (``application``) that the served app mounts below ``/api/v1``. Before every
route stands a gate (``gate``): who may ask, how often, and every error as problem JSON. Pictures
are read by threads that share one network per model (``service``); videos become jobs as those of
the page Videos do. Nothing here knows of Streamlit.
"""
