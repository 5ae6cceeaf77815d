"""How the recordings of this folder are written: texts by hand, framing and timing by functions."""
