"""The config file: its model, how it is loaded, watched, edited and kept."""
