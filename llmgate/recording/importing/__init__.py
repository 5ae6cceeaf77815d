"""Files of others read as recordings: pure readers, bytes in, recordings and what was left out."""
