"""Training of the networks and export to model packages. Needs the ``train`` extra; imports nothing heavier."""
