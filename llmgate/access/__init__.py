"""Who is calling, and may they: keys, models, limits; told the time."""
