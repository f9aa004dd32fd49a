"""What pages share: resources, settings, session state and widgets."""
