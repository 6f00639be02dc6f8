"""The ways by which bounces and complaints come in."""
